const short = v => { if (v == null) return "-";
  for (const [size, suffix] of [[1e9, "G"], [1e6, "M"], [1e3, "k"]])
    if (Math.abs(v) >= size) return +(v / size).toPrecision(3) + suffix;
  return "" + +v.toPrecision(3); };
for (const figure of document.querySelectorAll("figure:has(svg)")) {
  const svg = figure.querySelector("svg"), cursor = figure.querySelector(".cursor");
  const data = JSON.parse(figure.querySelector("script").textContent);
  const shown = [...figure.querySelectorAll(".legend b")], at = figure.querySelector("em");
  const newest = shown.map(b => b.textContent), steps = data.steps;
  const left = +svg.dataset.left, width = +svg.dataset.right - left;
  const last = Math.max(1, steps[steps.length - 1]);
  svg.onpointermove = event => {
    const box = svg.getBoundingClientRect();
    const x = (event.clientX - box.left) / box.width * svg.dataset.width;
    const step = (x - left) / width * last;
    let near = 0;
    steps.forEach((s, i) => { if (Math.abs(s - step) < Math.abs(steps[near] - step)) near = i; });
    cursor.setAttribute("transform", `translate(${left + width * steps[near] / last})`);
    cursor.style.opacity = 1;
    shown.forEach((b, i) => { b.textContent = short(data.values[i][near]) + data.unit; });
    at.textContent = "step " + steps[near].toLocaleString("en");
  };
  svg.onpointerleave = () => {
    cursor.style.opacity = 0;
    at.textContent = "";
    shown.forEach((b, i) => { b.textContent = newest[i]; });
  };
}
const state = document.querySelector(".state");
const minutes = Math.floor((Date.now() / 1000 - state.dataset.written) / 60);
if (state.classList.contains("running") && minutes >= 5) {
  state.textContent = `no news for ${minutes} min`;
  state.className = "state";
}
try {
  const settings = document.querySelector("details");
  settings.open = sessionStorage.getItem("settings") === "open";
  settings.ontoggle = () => sessionStorage.setItem("settings", settings.open ? "open" : "");
} catch (error) { /* a browser without storage for files */ }
