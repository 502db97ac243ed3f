/** The photo that is open. */

/** A photo, its faces once they are asked for, and what edits make of them. */
export class Opened {
  faces = null;

  chosen = new Set();

  #finding = null;

  #looks = new Map();

  constructor(editor, file, name) {
    Object.assign(this, {editor, file, name});
  }

  get chosenFaces() {
    return this.faces?.filter((face) => this.chosen.has(face)) ?? [];
  }

  find() {
    this.#finding ??= this.#found().catch((error) => {
      this.#finding = null;
      throw error;
    });
    return this.#finding;
  }

  async #found() {
    this.faces = await this.editor.find(this.file.photo);
    this.chosen = new Set(this.faces);
  }

  /** Looks at the chosen faces, once each. */
  async look(bundle) {
    for (const face of this.chosenFaces) {
      if (!this.#looks.has(bundle.edit)) this.#looks.set(bundle.edit, new Map());
      const ofFaces = this.#looks.get(bundle.edit);
      if (!ofFaces.has(face)) ofFaces.set(face, await this.editor.look(this.file.photo, face, bundle));
    }
  }

  /** What was seen of the chosen faces; null if not all of them were looked at. */
  changes({bundle, always}) {
    const found = this.chosenFaces.map((face) => this.#looks.get(bundle.edit)?.get(face));
    if (!found.length || !found.every(Boolean)) return null;
    return always ? found.map((change) => change.always) : found;
  }
}
