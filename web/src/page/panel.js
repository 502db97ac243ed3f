/** The panel: buttons and sliders of the edits. */

import {HIGHEST_STRENGTH} from '../edits.js';
import {pairsOf} from './labels.js';

const of = (id) => document.getElementById(id);

function made(tag, properties = {}, ...children) {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...children);
  return element;
}

function drawing(path) {
  const svg = document.createElementNS('http://www.w3.org/2000/svg', 'svg');
  svg.setAttribute('viewBox', '0 0 24 24');
  svg.setAttribute('aria-hidden', 'true');
  const line = document.createElementNS('http://www.w3.org/2000/svg', 'path');
  line.setAttribute('d', path);
  svg.append(line);
  return svg;
}

export function percent(strength) {
  return `${Math.round(strength * 100)}%`;
}

/** Calls `use.toggle(bundle)`, `use.strength(bundle, strength)` and `use.always(bundle)`. */
export class Panel {
  #rows;

  constructor(bundles, use) {
    this.use = use;
    this.#rows = pairsOf(bundles).map((pair) => this.#row(pair));
    of('edits').replaceChildren(...this.#rows.map((row) => row.element));
  }

  #row({title, icon, edits}) {
    const buttons = edits.map((edit) => {
      const button = made('button', {type: 'button', textContent: edit.label});
      button.setAttribute('aria-pressed', 'false');
      button.setAttribute('aria-label', edit.name);
      button.dataset.edit = edit.bundle.edit;
      button.addEventListener('click', () => this.use.toggle(edit.bundle));
      return {...edit, button};
    });
    const choice = made('div', {className: 'choice'}, ...buttons.map(({button}) => button));
    const head = made('div', {className: 'pair-head'}, drawing(icon), made('h3', {textContent: title}), choice);
    const more = made('div');
    return {element: made('div', {className: 'pair'}, head, more), buttons, more, shown: null};
  }

  /** Shows the state.
   *
   * @param states of each edit that is on, by its name: {strength, busy, there, always}: `there` a sentence if
   *     faces have it already.
   * @param ready whether edits can be made at all.
   */
  show(states, ready) {
    for (const row of this.#rows) {
      const on = row.buttons.find(({bundle}) => states.has(bundle.edit));
      row.element.classList.toggle('on', Boolean(on));
      for (const {button, bundle} of row.buttons) {
        const state = states.get(bundle.edit);
        button.disabled = !ready;
        button.setAttribute('aria-pressed', String(Boolean(state)));
        if (state?.busy) button.setAttribute('aria-busy', 'true');
        else button.removeAttribute('aria-busy');
      }
      this.#showMore(row, on, on && states.get(on.bundle.edit));
    }
    of('reset').disabled = !states.size;
  }

  #showMore(row, on, state) {
    if (!on) {
      row.more.replaceChildren();
      row.shown = null;
      return;
    }
    if (row.shown?.edit !== on.bundle.edit) {
      row.shown = {edit: on.bundle.edit, ...this.#slider(on)};
      row.more.replaceChildren(row.shown.line, row.shown.there);
    }
    const {input, output, there} = row.shown;
    input.value = state.strength * 100;
    input.style.setProperty('--filled', `${(state.strength / HIGHEST_STRENGTH) * 100}%`);
    input.setAttribute('aria-valuetext', percent(state.strength));
    output.textContent = percent(state.strength);
    there.hidden = !state.there;
    there.firstChild.textContent = state.there ?? '';
    there.lastChild.hidden = state.always;
  }

  #slider({bundle, name}) {
    const input = made('input', {type: 'range', min: 0, max: HIGHEST_STRENGTH * 100, step: 1});
    input.setAttribute('aria-label', `${name}, strength`);
    input.addEventListener('input', () => {
      performance.mark('slid');
      this.use.strength(bundle, input.valueAsNumber / 100);
    });
    const output = made('output');
    const again = made('button', {type: 'button', textContent: 'Do it all the same'});
    again.addEventListener('click', () => this.use.always(bundle));
    const there = made('p', {className: 'there', hidden: true}, made('span'), again);
    return {input, output, there, line: made('div', {className: 'strength'}, input, output)};
  }
}
