// What face-api itself says of pictures: node face_api.cjs < pictures.json, see make_face_api_vectors.py.
const fs = require("fs");
const Module = require("module");
const path = require("path");

// Plain JavaScript instead of the native library that the package asks for in node.
const resolve = Module._resolveFilename;
Module._resolveFilename = (name, ...rest) =>
  resolve(name === "@tensorflow/tfjs-node" ? "@tensorflow/tfjs" : name, ...rest);
const installed = Module.createRequire(path.join(process.cwd(), "here.js"));
const faceapi = installed("@vladmandic/face-api/dist/face-api.node.js");
const models = path.dirname(installed.resolve("@vladmandic/face-api/model/age_gender_model.bin"));

(async () => {
  const { tf, nets } = faceapi;
  await tf.setBackend("cpu");
  await tf.ready();
  await nets.faceExpressionNet.loadFromDisk(models);
  await nets.ageGenderNet.loadFromDisk(models);
  const answers = [];
  for (const pixels of JSON.parse(fs.readFileSync(0))) {
    const image = tf.tensor3d(pixels);
    const expressions = await (await nets.faceExpressionNet.forward(image)).data();
    const { age, gender } = await nets.ageGenderNet.forward(image);
    answers.push({
      expressions: [...expressions],
      age: (await age.data())[0],
      male: (await gender.data())[0],
    });
  }
  fs.writeFileSync("answers.json", JSON.stringify(answers));
})();
