// Binary messages: header length (u32, little-endian), JSON header, then the buffers, each at a multiple of 8 bytes.
// The header is {"method": "custom", "content": {…, "buffers": [{name, dtype, shape}]}}.

export type Dtype = "u1" | "i1" | "u2" | "i2" | "i4" | "u4" | "f4" | "f8";

export interface BufferSpec {
  name?: string;
  dtype: Dtype;
  shape: number[];
}

export type Numbers =
  Uint8Array | Int8Array | Uint16Array | Int16Array | Int32Array | Uint32Array | Float32Array | Float64Array;

export interface NumberArray {
  data: Numbers;
  shape: number[];
}

export interface BinaryMessage {
  header: Record<string, any>;
  buffers: DataView[];
}

const KINDS = {
  u1: Uint8Array,
  i1: Int8Array,
  u2: Uint16Array,
  i2: Int16Array,
  i4: Int32Array,
  u4: Uint32Array,
  f4: Float32Array,
  f8: Float64Array,
} as const;

const padded = (length: number): number => Math.ceil(length / 8) * 8;

const count = (shape: number[]): number => shape.reduce((product, size) => product * size, 1);

export function decode(message: ArrayBuffer): BinaryMessage {
  const length = new DataView(message).getUint32(0, true);
  const header = JSON.parse(new TextDecoder().decode(new Uint8Array(message, 4, length)));
  let start = padded(4 + length);
  const buffers = (header.content?.buffers ?? []).map((spec: BufferSpec) => {
    const bytes = count(spec.shape) * KINDS[spec.dtype].BYTES_PER_ELEMENT;
    const view = new DataView(message, start, bytes);
    start += padded(bytes);
    return view;
  });
  return { header, buffers };
}

export function encode(content: object, buffers: ArrayBufferView[]): ArrayBuffer {
  const specs = buffers.map((buffer) => ({ name: "data", dtype: "u1", shape: [buffer.byteLength] }));
  const text = new TextEncoder().encode(JSON.stringify({ method: "custom", content: { ...content, buffers: specs } }));
  const length = padded(4 + text.length) - 4;
  const size = buffers.reduce((sum, buffer) => sum + padded(buffer.byteLength), 4 + length);
  const bytes = new Uint8Array(size);
  bytes.fill(0x20, 4, 4 + length);
  new DataView(bytes.buffer).setUint32(0, length, true);
  bytes.set(text, 4);
  let start = 4 + length;
  for (const buffer of buffers) {
    bytes.set(new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.byteLength), start);
    start += padded(buffer.byteLength);
  }
  return bytes.buffer;
}

/** A message's buffers by name, as typed arrays; a buffer that has no name goes by its place. */
export function arrays(content: Record<string, any>, buffers: DataView[]): Record<string, NumberArray> {
  const found: Record<string, NumberArray> = {};
  (content.buffers ?? []).forEach((spec: BufferSpec, place: number) => {
    const view = buffers[place];
    if (!view) return;
    const Kind = KINDS[spec.dtype];
    const aligned = view.byteOffset % Kind.BYTES_PER_ELEMENT === 0;
    const source = aligned ? view.buffer : view.buffer.slice(view.byteOffset, view.byteOffset + view.byteLength);
    const data = new Kind(source as ArrayBuffer, aligned ? view.byteOffset : 0, count(spec.shape));
    found[spec.name ?? String(place)] = { data, shape: spec.shape };
  });
  return found;
}
