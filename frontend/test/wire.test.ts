import assert from "node:assert/strict";
import { test } from "node:test";
import { socketAddress } from "../src/socket.ts";
import { arrays, decode, encode } from "../src/wire.ts";
import { binary } from "./fake.ts";

test("buffers of every kind come back as they went, one after another", () => {
  const message = binary(
    { kind: "frame", epoch: 3 },
    {
      maps: { dtype: "u1", shape: [1, 3], values: [0, 128, 255] },
      loss: { dtype: "f8", shape: [2], values: [0.1, 1e-300] },
      counts: { dtype: "i4", shape: [2], values: [-5, 7] },
      weights: { dtype: "f4", shape: [2, 1], values: [0.5, -2] },
    },
  );
  const { header, buffers } = decode(message);
  assert.equal(header.content.kind, "frame");
  const found = arrays(header.content, buffers);
  assert.deepEqual([...found.maps!.data], [0, 128, 255]);
  assert.deepEqual([...found.loss!.data], [0.1, 1e-300]);
  assert.deepEqual([...found.counts!.data], [-5, 7]);
  assert.deepEqual([...found.weights!.data], [0.5, -2]);
  assert.deepEqual(found.weights!.shape, [2, 1]);
});

test("views that do not lie at a multiple of their size are copied", () => {
  const shifted = new Uint8Array(12);
  new DataView(shifted.buffer).setFloat64(4, 2.5, true);
  const found = arrays({ buffers: [{ name: "x", dtype: "f8", shape: [1] }] }, [new DataView(shifted.buffer, 4, 8)]);
  assert.deepEqual([...found.x!.data], [2.5]);
});

test("what the page encodes it can decode, with data at a multiple of 8", () => {
  for (const name of ["a", "ab", "abc", "ünïcödé"]) {
    const message = encode({ kind: "upload", name }, [new Uint8Array([1, 2, 3]), new Uint8Array([9])]);
    const { header, buffers } = decode(message);
    assert.equal(header.method, "custom");
    assert.equal(header.content.name, name);
    assert.equal(buffers[0]!.byteOffset % 8, 0);
    const found = header.content.buffers.map((_: unknown, place: number) => [
      ...new Uint8Array(buffers[place]!.buffer, buffers[place]!.byteOffset, buffers[place]!.byteLength),
    ]);
    assert.deepEqual(found, [[1, 2, 3], [9]]);
  }
});

test("a tab keeps its session when it is loaded again, and takes a new one when another has it", () => {
  const kept = new Map<string, string>();
  const store = {
    getItem: (key: string) => kept.get(key) ?? null,
    setItem: (key: string, value: string) => void kept.set(key, value),
  } as Storage;
  const place = { search: "?token=T", href: "http://127.0.0.1:80/?token=T#s=x", protocol: "http:" } as Location;
  const first = socketAddress(place, store);
  assert.match(first, /^ws:\/\/127\.0\.0\.1\/socket\?token=T&session=[0-9a-f]{32}$/);
  assert.equal(socketAddress(place, store), first);
  const other = socketAddress(place, store, true);
  assert.notEqual(other, first);
  assert.equal(socketAddress(place, store), other);
});
