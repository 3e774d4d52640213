// Outputs of the original graph of the person detector, by TensorFlow.js; README.md has the commands.
import '@tensorflow/tfjs-backend-cpu';
import { loadGraphModel } from '@tensorflow/tfjs-converter';
import * as tf from '@tensorflow/tfjs-core';
import fs from 'node:fs';

const [models, pixels, out] = process.argv.slice(2);
const MEAN = [103.53, 116.28, 123.675]; // B, G, R
const STD = [57.375, 57.12, 58.395];
const SIDE = 416;
const CELLS = 50;

const graph = JSON.parse(fs.readFileSync(`${models}/nanodet.json`));
const weights = fs.readFileSync(`${models}/nanodet.bin`);
const model = await loadGraphModel({
  load: async () => ({
    modelTopology: graph.modelTopology,
    signature: graph.signature,
    weightSpecs: graph.weightsManifest[0].weights,
    weightData: weights.buffer.slice(weights.byteOffset, weights.byteOffset + weights.length),
  }),
});

const rgb = fs.readFileSync(pixels); // (SIDE, SIDE, 3) uint8
const image = new Float32Array(3 * SIDE * SIDE);
for (let i = 0; i < SIDE * SIDE; i += 1) {
  for (let c = 0; c < 3; c += 1) {
    image[c * SIDE * SIDE + i] = (rgb[3 * i + 2 - c] - MEAN[c]) / STD[c];
  }
}
const rows = {};
for (const output of model.execute(tf.tensor4d(image, [1, 3, SIDE, SIDE]))) {
  const [, n, width] = output.shape;
  rows[[n, width]] = output.arraySync()[0];
}
const cells = [8, 16, 32].flatMap((stride) => {
  const n = (SIDE / stride) ** 2;
  return rows[[n, 80]].map((classes, i) => ({ classes, bins: rows[[n, 44]][i] }));
});
const round = (value) => Number(value.toPrecision(7));
const best = cells
  .map(({ classes, bins }, cell) => ({
    cell,
    person: round(classes[0]),
    other: round(Math.max(...classes.slice(1))),
    bins: bins.map(round),
  }))
  .sort((a, b) => b.person - a.person)
  .slice(0, CELLS);
fs.writeFileSync(out, `[\n${best.map((row) => JSON.stringify(row)).join(',\n')}\n]\n`);
