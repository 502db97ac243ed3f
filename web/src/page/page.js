/** The page: a photo in, edits on it, the edited photo out. All of it on this device. */

import {listed} from '../bundles/bundle.js';
import {warningOf} from '../editing/changes.js';
import {Editor} from '../editing/editor.js';
import {open} from '../editing/photo_files.js';
import {TRAINED_STRENGTH, undoes} from '../edits.js';
import {UserError} from '../errors.js';
import {lacking} from '../litert.js';
import * as offline from './offline.js';
import {Opened} from './opened.js';
import {Panel, percent} from './panel.js';
import * as sources from './sources.js';
import {Stage} from './stage.js';
import {write} from './writing.js';

const SAMPLE = {
  url: new URL('../../photos/astronaut.png', import.meta.url),
  name: 'astronaut.png',
  // Where its face is, so that it is seen before a network is loaded.
  face: [178, 70, 272, 177],
};

const of = (id) => document.getElementById(id);
const editor = new Editor();
const stage = new Stage(toggleFace);
// Of each edit that is on, by its name: {bundle, strength, always, busy}.
const edits = new Map();
let bundles = [];
let panel = null;
let opened = null;
let taking = null;
let isKept = false;

function tell(sentence) {
  of('live').textContent = sentence;
}

/** Shows what went wrong, and a way to try it again if there is one. */
function complain(error, again = null) {
  const sentence = error instanceof UserError ? error.message : 'Something went wrong here that should not.';
  if (!(error instanceof UserError)) console.error(error);
  const parts = [sentence];
  if (again) {
    const button = document.createElement('button');
    button.type = 'button';
    button.textContent = 'Try again';
    button.addEventListener('click', () => {
      of('message').replaceChildren();
      again();
    });
    parts.push(button);
  }
  of('message').replaceChildren(...parts);
}

async function take(blob, name, sample = null) {
  const turn = {};
  taking = turn;
  of('message').replaceChildren();
  stage.busy('Opening the photo');
  try {
    const file = await open(blob, name);
    // Another one was given meanwhile.
    if (taking !== turn) return;
    opened?.file.picture.close();
    opened = new Opened(editor, file, name);
    edits.clear();
    stage.show(file, sample?.face);
    show();
    if (!sample) await findFaces();
  } catch (error) {
    if (taking === turn) complain(error);
  } finally {
    if (taking === turn) stage.busy(null);
  }
}

/** Finds the faces; false if there is none, or another photo was opened meanwhile. `again` is what a visitor may
 * try once more if that fails. */
async function findFaces(again = findFaces) {
  const here = opened;
  const isNew = !here.faces;
  if (isNew) stage.busy('Looking for faces');
  try {
    await here.find();
  } catch (error) {
    if (here === opened) complain(error, () => again());
    return false;
  } finally {
    if (isNew) stage.busy(null);
  }
  if (here !== opened) return false;
  if (isNew) {
    stage.mark(here.faces, here.chosen);
    const count = here.faces.length;
    if (!count) complain(new UserError('No face was found in this photo. Try one in which a face is larger.'));
    tell(count === 1 ? 'One face found' : `${count} faces found`);
    keepOffline();
  }
  show();
  return here.faces.length > 0;
}

async function keepOffline() {
  if (isKept) return;
  isKept = true;
  await offline.keep((sentence) => {
    of('kept').textContent = sentence;
  });
}

async function toggle(bundle) {
  of('message').replaceChildren();
  if (edits.delete(bundle.edit)) {
    show();
    return;
  }
  for (const [name, other] of edits) if (undoes(other.bundle, bundle)) edits.delete(name);
  edits.set(bundle.edit, {bundle, strength: TRAINED_STRENGTH, always: false, busy: true});
  show();
  if (!(await findFaces(() => toggle(bundle)))) {
    edits.delete(bundle.edit);
    show();
    return;
  }
  await look(edits.get(bundle.edit));
}

/** Lets the network of an edit look at the chosen faces. */
async function look(edit) {
  if (!edit) return;
  const here = opened;
  edit.busy = true;
  show();
  try {
    await here.look(edit.bundle);
  } catch (error) {
    if (here === opened) {
      edits.delete(edit.bundle.edit);
      complain(error, () => toggle(edit.bundle));
    }
  }
  edit.busy = false;
  if (here === opened) show();
}

function toggleFace(face) {
  if (!opened.chosen.delete(face)) opened.chosen.add(face);
  choose(opened.chosen);
}

async function choose(faces) {
  opened.chosen = new Set(faces);
  stage.forget();
  stage.mark(opened.faces, opened.chosen);
  show();
  for (const edit of edits.values()) await look(edit);
}

/** The edits that are on and looked at, as `Preview` takes them. */
function ready() {
  return [...edits.values()]
    .map((edit) => ({
      edit,
      key: `${edit.bundle.edit} ${edit.always}`,
      changes: opened?.changes(edit),
      strength: edit.strength,
    }))
    .filter(({changes}) => changes);
}

function show() {
  const shown = ready();
  const states = new Map(
    [...edits].map(([name, edit]) => [name, {...edit, there: sentenceOfThere(edit)}]),
  );
  panel?.show(states, Boolean(opened) && opened.faces?.length !== 0);
  const names = shown.map(({edit}) => `${edit.bundle.edit.replaceAll('_', ' ')} at ${percent(edit.strength)}`);
  stage.edit(shown, names.length ? `The photo, edited: ${names.join(', ')}` : 'The photo, unedited');
  of('download').disabled = !shown.length;
  showFaces();
  of('note').textContent = noteOf(opened);
}

function noteOf(here) {
  const warnings = here?.file.warnings ?? [];
  if (warnings.length) return `This photo ${warnings.join('; it ')}.`;
  return 'Same format and facts as your photo; every pixel far from the faces stays as it was.';
}

function sentenceOfThere(edit) {
  const changes = opened?.changes({...edit, always: false});
  const count = changes?.filter((change) => change.isThereAlready).length;
  if (!count) return null;
  return count === changes.length ? 'Already there' : `Already there on ${count} of ${changes.length}`;
}

function showFaces() {
  const faces = opened?.faces ?? [];
  const turned = opened?.chosenFaces.map((face) => [face, warningOf(face)]).filter(([, warning]) => warning) ?? [];
  const parts = turned.map(([face, warning]) =>
    faces.length === 1 ? `The face ${warning}.` : `Face ${faces.indexOf(face) + 1} ${warning}.`,
  );
  if (faces.length > 1) {
    parts.unshift(
      `${opened.chosen.size} of ${faces.length} faces`,
      button('All', () => choose(faces)),
      button('Only the largest', () => choose(faces.slice(0, 1))),
    );
  }
  of('who').hidden = !parts.length;
  of('who').replaceChildren(...parts.map((part) => (typeof part === 'string' ? text(part) : part)));
}

function text(sentence) {
  return Object.assign(document.createElement('span'), {textContent: sentence});
}

function button(label, use) {
  const made = Object.assign(document.createElement('button'), {type: 'button', textContent: label});
  made.addEventListener('click', use);
  return made;
}

async function download() {
  const here = opened;
  const shown = ready();
  of('download').disabled = true;
  stage.busy('Writing the photo at its full size');
  try {
    await new Promise(requestAnimationFrame);
    const faces = here.chosenFaces.map((_, index) => shown.map(({changes}) => changes[index]));
    const strengths = shown.map(({strength}) => strength);
    const names = shown.map(({edit}) => edit.bundle.edit);
    const written = await write(here, faces, strengths, names);
    tell(`${written} is written`);
  } catch (error) {
    complain(error, download);
  } finally {
    stage.busy(null);
    show();
  }
}

async function openSample() {
  const turn = {};
  taking = turn;
  try {
    const answer = await fetch(SAMPLE.url);
    const blob = await answer.blob();
    if (taking === turn) await take(blob, SAMPLE.name, SAMPLE);
  } catch (error) {
    complain(new UserError('The sample could not be loaded. Is there a connection?', {cause: error}), openSample);
  }
}

async function begin() {
  sources.listen(take, (sentence) => complain(new UserError(sentence)));
  of('sample').addEventListener('click', openSample);
  of('download').addEventListener('click', download);
  // Whoever comes near an edit is likely to ask for it; what fails now is told of then.
  for (const name of ['pointerover', 'focusin']) {
    of('edits').addEventListener(name, () => editor.prepare().catch(() => {}), {once: true});
  }
  of('reset').addEventListener('click', () => {
    edits.clear();
    show();
  });
  await Promise.all([loadEdits(), openSample()]);
  const sentence = lacking();
  if (sentence) complain(new UserError(sentence));
  await offline.begin();
}

async function loadEdits() {
  try {
    bundles = await listed();
  } catch (error) {
    complain(error, loadEdits);
    return;
  }
  panel = new Panel(bundles, {
    toggle,
    strength(bundle, strength) {
      edits.get(bundle.edit).strength = strength;
      show();
    },
    always(bundle) {
      edits.get(bundle.edit).always = true;
      show();
    },
  });
  show();
}

begin();
