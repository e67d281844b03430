import assert from "node:assert/strict";
import { test } from "node:test";
import { CARDS } from "../src/cards.ts";
import { toFragment } from "../src/fragment.ts";
import { MAP_KEY, Store, failureText } from "../src/store.ts";
import { FakeModel, RUN, SETTINGS } from "./fake.ts";

/** A store on a fake model, with a clock that a test turns. */
function opened(fragment = "") {
  const model = new FakeModel();
  const due: (() => void)[] = [];
  const store = new Store(model, { frame: (callback) => due.push(callback) }, fragment);
  model.say({ settings: SETTINGS, revision: 0, run: RUN });
  const paint = () => due.splice(0).forEach((callback) => callback());
  return { model, store, paint, due };
}

const FRAME = {
  kind: "frame",
  frame: 5,
  run: 1,
  epoch: 2,
  step: 9,
  maps: [[0, 1]],
  ranges: [1.5],
  output: { kind: "probability", range: [0, 1] },
  badges: { dead: [[0, 3]], saturated: [] },
};
const BUFFERS = {
  history: {
    dtype: "f8",
    shape: [2, 9],
    values: [1, 0.7, 0.8, 0.7, 0.5, 0.5, 0.03, 4, 0.7, 2, 0.6, NaN, 0.6, 0.6, NaN, 0.03, 9, 0.6],
  },
  parameters: { dtype: "f4", shape: [25], values: Array.from({ length: 25 }, (_, place) => place) },
  maps: { dtype: "u1", shape: [1, 2, 2], values: [0, 255, 128, 1] },
  gradient_norms: { dtype: "f4", shape: [3], values: [1, 2, 3] },
} as const;

test("a frame is acknowledged only when it has been painted", () => {
  const { model, store, paint } = opened();
  model.hand(FRAME, BUFFERS as any);
  assert.equal(store.frame.value, 0);
  assert.deepEqual(model.sent, []);
  paint();
  assert.equal(store.frame.value, 1);
  assert.equal(store.epoch.value, 2);
  assert.deepEqual(model.sent, [{ kind: "ack", frame: 5 }]);
  assert.equal(store.history.column("train").at(-1), 0.6);
  assert.deepEqual([...store.live.maps.get(MAP_KEY(0, 1))!.data], [0, 255, 128, 1]);
  assert.ok(store.live.dead.has("0,3"));
});

test("every other painted frame is acknowledged; what a brief one leaves out stays", () => {
  const { model, store, paint } = opened();
  const gradients = { dtype: "f4", shape: [25], values: Array.from({ length: 25 }, () => 2) };
  model.hand(FRAME, { ...BUFFERS, gradients } as any);
  paint();
  for (const frame of [6, 7, 8]) {
    model.hand({ kind: "frame", run: 1, frame, epoch: frame, step: 40, brief: true });
    paint();
    assert.equal(store.epoch.value, frame);
  }
  assert.deepEqual(
    model.sent.map((each: any) => each.frame),
    [5, 7],
  );
  assert.equal(store.live.gradients?.[0], 2);
  assert.equal(store.history.column("train").at(-1), 0.6);
  assert.ok(store.live.dead.has("0,3"));
});

test("of two frames that come before a painting, the later one is shown and acknowledged", () => {
  const { model, store, paint } = opened();
  model.hand(FRAME, BUFFERS as any);
  model.hand({ ...FRAME, frame: 6, epoch: 3 });
  paint();
  assert.equal(store.epoch.value, 3);
  assert.deepEqual(model.sent, [{ kind: "ack", frame: 6 }]);
  paint();
  model.hand({ ...FRAME, frame: 7, epoch: 4 });
  paint();
  assert.equal(store.epoch.value, 4);
});

test("parameters are found by their place in the layout", () => {
  const { model, store, paint } = opened();
  model.hand(FRAME, BUFFERS as any);
  paint();
  assert.equal(store.valueOf([1, "weights", 2, 1]), 13);
  assert.equal(store.valueOf([2, "bias", 0]), 24);
  assert.equal(store.valueOf([7, "bias", 0]), null);
  assert.ok(store.isFrozen([0, "weights", 1, 2]));
  assert.ok(!store.isFrozen([0, "weights", 2, 1]));
});

test("a frame that starts anew forgets the history before it", () => {
  const { model, store, paint } = opened();
  model.hand(FRAME, BUFFERS as any);
  model.hand(
    { ...FRAME, reset: true },
    { history: { dtype: "f8", shape: [1, 9], values: [0, 9, 9, 9, 9, 9, 9, 0, 9] } },
  );
  paint();
  assert.deepEqual(store.history.column("epoch"), [0]);
});

test("a changed setting is shown at once, sent with a revision, and an older echo is passed over", () => {
  const { model, store } = opened();
  store.setAt("training.learning_rate", 0.1);
  assert.equal(store.settings.value!.training.learning_rate, 0.1);
  assert.equal(model.pushed.length, 1);
  assert.equal(model.pushed[0].revision, 1);
  model.say({ settings: SETTINGS, revision: 0 });
  assert.equal(store.settings.value!.training.learning_rate, 0.1);
  model.say({ settings: { ...SETTINGS, odd: 1 }, revision: 1 });
  assert.equal(store.settings.value!.odd, 1);
  store.setAt("odd", 1);
  assert.equal(model.pushed.length, 1);
});

test("settings that are refused are shown no longer, and later changes do not have them", () => {
  const { model, store } = opened();
  store.setAt("inputs.features", ["x1", "log("]);
  model.say({ problems: [{ path: "inputs.features", message: "ends too early" }], revision: 1 });
  assert.deepEqual(store.settings.value, SETTINGS);
  assert.equal(store.problems.value[0]!.message, "ends too early");
  store.setAt("training.learning_rate", 0.1);
  assert.deepEqual(model.pushed.at(-1).settings.inputs, SETTINGS.inputs);
  assert.equal(model.pushed.at(-1).settings.training.learning_rate, 0.1);
  store.forgetProblems();
  assert.deepEqual(store.problems.value, []);
});

test("what is refused of an earlier change leaves a later one, which is under way, as it is", () => {
  const { model, store } = opened();
  store.setAt("training.learning_rate", -1);
  store.setAt("training.learning_rate", 0.1);
  model.say({ problems: [{ path: "training.learning_rate", message: "greater than 0" }], revision: 1 });
  assert.equal(store.settings.value!.training.learning_rate, 0.1);
  model.hand({ kind: "error", message: "A running fit is watched.", about: "settings" });
  assert.deepEqual(store.settings.value, SETTINGS);
});

test("a fresh session takes the URL's settings; one that goes on keeps its own", async () => {
  const wanted = { ...SETTINGS, data: { ...SETTINGS.data, seed: 42 } };
  const { model, store } = opened(await toFragment(wanted));
  assert.equal(model.pushed.length, 0);
  model.say({ run: { ...RUN, fresh: true } });
  await new Promise((resolve) => setTimeout(resolve, 50));
  assert.equal(model.pushed[0].settings.data.seed, 42);
  assert.notEqual(store.settings.value!.data.seed, 42, "shown once the server has added what they leave out");
  model.say({ settings: wanted, revision: model.pushed[0].revision });
  assert.equal(store.settings.value!.data.seed, 42);
});

test("another run forgets the maps and numbers of the one before", () => {
  const { model, store, paint } = opened();
  model.hand(FRAME, BUFFERS as any);
  paint();
  model.say({ run: { ...RUN, id: 2 } });
  assert.equal(store.live.maps.size, 0);
  assert.equal(store.live.parameters, null);
});

test("a frame that waits to be painted when another run begins is not painted", () => {
  const { model, store, paint } = opened();
  model.hand(FRAME, BUFFERS as any);
  model.say({ run: { ...RUN, id: 2, epoch: 0 } });
  paint();
  assert.equal(store.epoch.value, 0);
  model.hand({ ...FRAME, run: 2, frame: 6, epoch: 3 }, BUFFERS as any);
  paint();
  assert.equal(store.epoch.value, 3);
});

test("errors become notices, of which only the last few stay", () => {
  const { model, store } = opened();
  for (let place = 0; place < 9; place++) model.hand({ kind: "error", message: `wrong ${place}`, about: "edit" });
  assert.deepEqual(
    store.notices.value.map((notice) => notice.text),
    ["wrong 6", "wrong 7", "wrong 8"],
  );
  model.hand({ kind: "error", message: "wrong 7", about: "edit" });
  assert.deepEqual(
    store.notices.value.map((notice) => [notice.text, notice.times]),
    [
      ["wrong 6", 1],
      ["wrong 8", 1],
      ["wrong 7", 2],
    ],
  );
  store.dismiss(store.notices.value[0]!.id);
  assert.equal(store.notices.value.length, 2);
  assert.equal(
    failureText({ subject: "'size'", rule: "must be a number;", value: "x", remedy: "Give one." }),
    "'size' must be a number; Got \"x\". Give one.",
  );
});

test("memory stays bounded through many frames", () => {
  const { model, store, paint } = opened();
  for (let frame = 0; frame < 6000; frame++) {
    model.hand(
      { ...FRAME, frame, epoch: frame },
      {
        history: { dtype: "f8", shape: [1, 9], values: [frame, 1, 1, 1, 1, 1, 1, 1, 1] },
        gradient_norms: { dtype: "f4", shape: [3], values: [1, 2, 3] },
      },
    );
    paint();
  }
  assert.ok(store.history.rows.length <= 4200);
  assert.ok(store.norms.length <= 1200);
});

test("eleven cards, each with a set-up, a part that lights up, and a question", () => {
  assert.deepEqual(
    CARDS.map((card) => card.name),
    [
      "neuron",
      "layer",
      "forward",
      "loss",
      "backward",
      "update",
      "learning rate",
      "capacity",
      "overfitting",
      "regularisation",
      "scaling",
    ],
  );
  for (const card of CARDS) {
    const settings = card.settings(SETTINGS as any);
    assert.equal(settings.version, 1);
    assert.ok(settings.network.layers.every((layer) => layer.width >= 1));
    assert.ok(card.question.includes("?") && card.text.length >= 2 && card.hint.length > 10);
  }
});

test("loss and score are those that the last frame measured, and of its run", () => {
  const { model, store, paint } = opened();
  model.hand({ ...FRAME, train: 0.5, train_score: 0.9, validation_score: null, batch: 3 }, BUFFERS as any);
  model.hand({ kind: "frame", run: 1, frame: 6, epoch: 3, step: 12, brief: true });
  paint();
  assert.equal(store.epoch.value, 3);
  assert.deepEqual([store.standing.value.train, store.standing.value.validation_score], [0.5, null]);
  model.hand({ ...FRAME, frame: 7, train: 0.4, batch: 3 }, BUFFERS as any);
  paint();
  assert.deepEqual([store.standing.value.train, store.batch.value], [0.4, 3]);
  model.say({ run: { ...RUN, id: 2, epoch: 0 } });
  assert.deepEqual([store.standing.value, store.batch.value], [{}, 0]);
});

test("a run that diverged is told of once, and again when it diverges again", () => {
  const { model, store } = opened();
  const ended = { ...RUN, ended: "Training diverged: …", diverged: true };
  for (const run of [ended, { ...ended, epoch: 3 }]) model.say({ run });
  assert.deepEqual(
    store.notices.value.map((notice) => [notice.text, notice.times]),
    [["Training diverged: …", 1]],
  );
  for (const run of [RUN, ended]) model.say({ run });
  assert.equal(store.notices.value[0]!.times, 2);
});

test("a file that is larger than the server takes is told of", async () => {
  const { model, store } = opened();
  model.say({ catalog: { limits: { upload_bytes: 32 << 20, session_bytes: 33 << 20 } } });
  const file = (size: number) => ({ name: "mine", size, arrayBuffer: async () => new ArrayBuffer(8) }) as File;
  await store.sendFile({ kind: "load_session" }, file((33 << 20) + 1), "A session file", "session_bytes");
  await store.sendFile({ kind: "upload" }, file(60 << 20), "A table", "upload_bytes");
  assert.deepEqual(
    store.notices.value.map((notice) => notice.text),
    ["A session file may have 33 MB; mine has 33.1.", "A table may have 32 MB; mine has 60."],
  );
  assert.deepEqual(model.sent, []);
  await store.sendFile({ kind: "load_session" }, file(33 << 20), "A session file", "session_bytes");
  assert.deepEqual(model.sent, [{ kind: "load_session" }]);
});

test("an address that was cut off is told of", async () => {
  const { model, store } = opened("#s=abc");
  model.say({ run: { ...RUN, fresh: true } });
  await new Promise((resolve) => setTimeout(resolve, 50));
  assert.equal(model.pushed.length, 0);
  assert.match(store.notices.value[0]!.text, /cannot be read/);
});
