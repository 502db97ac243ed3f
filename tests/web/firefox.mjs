// Drives the page in Firefox: node firefox.mjs NODE_MODULES FIREFOX URL PHOTO FOLDER. Prints what came of it as JSON.
import {readdirSync, statSync} from 'node:fs';
import {createRequire} from 'node:module';
import {setTimeout} from 'node:timers/promises';

const [modules, executablePath, url, photo, folder] = process.argv.slice(2);
const puppeteer = createRequire(`${modules}/`)('puppeteer-core');

const IDLE = () => document.querySelector('#busy').hidden && !document.querySelector('[aria-busy]');
const ADD = '[data-edit=add_glasses]';

const browser = await puppeteer.launch({
  browser: 'firefox',
  executablePath,
  headless: true,
  protocolTimeout: 180_000,
  extraPrefsFirefox: {
    'browser.download.dir': folder,
    'browser.download.folderList': 2,
    'browser.download.useDownloadDir': true,
    'browser.download.always_ask_before_handling_new_types': false,
  },
});
try {
  const page = await browser.newPage();
  page.setDefaultTimeout(180_000);
  const found = {requests: [], errors: []};
  page.on('request', (request) => found.requests.push([request.method(), request.url()]));
  page.on('pageerror', (error) => found.errors.push(String(error)));
  await page.goto(url);
  await page.waitForSelector(`${ADD}:enabled`);
  const input = await page.$('#file');
  await input.uploadFile(photo);
  await page.waitForFunction(() => document.querySelector('#live').textContent);
  found.told = await page.$eval('#live', (each) => each.textContent);
  await page.waitForFunction(IDLE);
  await page.click(ADD);
  await page.waitForFunction(IDLE);
  found.pressed = await page.$eval(ADD, (each) => each.getAttribute('aria-pressed'));
  const sum = () =>
    page.evaluate(async () => {
      await new Promise(requestAnimationFrame);
      const canvas = document.querySelector('#canvas');
      const {data} = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
      return data.reduce((all, level, at) => all + level * (at % 7), 0);
    });
  const edited = await sum();
  const slider = await page.$('input[type=range]');
  await slider.focus();
  await page.keyboard.press('ArrowRight');
  found.strength = await page.$eval('output', (each) => each.textContent);
  const more = await sum();
  await page.keyboard.press('ArrowLeft');
  const again = await sum();
  const compare = await page.$('#compare');
  await compare.hover();
  await page.mouse.down();
  const held = await sum();
  await page.mouse.up();
  found.moves = edited !== more && edited === again && held !== edited && (await sum()) === edited;
  await page.click('#download');
  await page.waitForFunction(() => document.querySelector('#live').textContent.endsWith('is written'));
  // A browser that ends takes what it has not yet written with it.
  const there = () => readdirSync(folder).some((name) => name.endsWith('.png') && statSync(`${folder}/${name}`).size);
  for (let tries = 0; tries < 300 && !there(); tries += 1) await setTimeout(200);
  console.log(JSON.stringify(found));
} finally {
  await browser.close();
}
