// Runs a random process (tests/workloads/random.c, stepped) in lockstep with vm-sample: each sample must begin after the call.
//   lockstep.js RANDOM SEED CALLS MODEL STREAM      MODEL gets the stream's time of each sample
'use strict';
const fs = require('fs');
const { spawn } = require('child_process');
const { createInterface } = require('readline');
const [random, seed, calls, modelFile, streamFile] = process.argv.slice(2);

const life = spawn(random, [seed, calls, modelFile, '1', 'stepped'], { stdio: ['pipe', 'pipe', 'inherit'] });
const stream = fs.createWriteStream(streamFile);
const looks = []; // the stream's time of each sample
let began; // ms, the moment of the stream's time 0
let called = Infinity; // ms, a moment after the call that waits for a sample

function sampled(t) {
  if (began + 1000 * t < called) return;
  called = Infinity;
  looks.push(t);
  life.stdin.write('.');
}

function sample() {
  const sampler = spawn('vm-sample', ['-p', String(life.pid), '-i', '1ms', '--detail', 'maps'], { stdio: ['ignore', 'pipe', 'inherit'] });
  createInterface({ input: sampler.stdout }).on('line', (text) => {
    stream.write(text + '\n');
    if (text.startsWith('{"type":"stream"')) began = Date.parse(JSON.parse(text).began);
    if (text.startsWith('{"type":"sample"')) sampled(JSON.parse(text).t);
  });
  sampler.on('close', (status) => stream.end(() => finish(status)));
}

function finish(status) {
  const model = fs.readFileSync(modelFile, 'utf8').trimEnd().split('\n').map((text) => JSON.parse(text));
  fs.writeFileSync(modelFile, model.map((look, i) => JSON.stringify({ ...look, t: looks[i] }) + '\n').join(''));
  process.exitCode = status || (model.length === looks.length ? 0 : 1);
}

// Clocks have whole milliseconds: two milliseconds later, the call is over by any clock.
createInterface({ input: life.stdout }).on('line', () => { called = Date.now() + 2; }).once('line', sample);
life.on('exit', (status) => { if (status) process.exitCode = 1; });
