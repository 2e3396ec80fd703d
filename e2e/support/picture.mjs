// Pictures of pages: read, kept with 256 colors, and compared. PNG is simple enough to be written
// here: rows behind a filter, packed with zlib (RFC 2083).

import { deflateSync, inflateSync } from 'node:zlib';

const SIGNATURE = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
/** Channels of a pixel by the color type of the file. */
const CHANNELS = { 2: 3, 3: 1, 6: 4 };

function* chunks(file) {
  if (!file.subarray(0, 8).equals(SIGNATURE)) throw new Error('not a PNG file');
  for (let at = 8; at < file.length; ) {
    const length = file.readUInt32BE(at);
    yield [file.toString('latin1', at + 4, at + 8), file.subarray(at + 8, at + 8 + length)];
    at += length + 12;
  }
}

const paeth = (a, b, c) => {
  const pa = Math.abs(b - c);
  const pb = Math.abs(a - c);
  const pc = Math.abs(a + b - 2 * c);
  return pa <= pb && pa <= pc ? a : pb <= pc ? b : c;
};

/** Takes back what was done to a row so that it packs well. */
function unfilter(filter, row, above, size) {
  const length = row.length;
  if (filter === 1) for (let x = size; x < length; x++) row[x] += row[x - size];
  else if (filter === 2) for (let x = 0; x < length; x++) row[x] += above[x];
  else if (filter === 3) for (let x = 0; x < length; x++) row[x] += ((x < size ? 0 : row[x - size]) + above[x]) >> 1;
  else if (filter === 4) for (let x = 0; x < length; x++) row[x] += x < size ? above[x] : paeth(row[x - size], above[x], above[x - size]);
}

/** What a PNG file shows: three bytes a pixel. 8 bits a channel, not interlaced. */
export function decode(file) {
  let width, height, type, palette;
  const parts = [];
  for (const [name, data] of chunks(file)) {
    if (name === 'IHDR') {
      [width, height, type] = [data.readUInt32BE(0), data.readUInt32BE(4), data[9]];
      if (data[8] !== 8 || data[12] !== 0 || !CHANNELS[type]) throw new Error('a PNG file of a kind that is not read');
    } else if (name === 'PLTE') palette = data;
    else if (name === 'IDAT') parts.push(data);
  }
  const raw = inflateSync(Buffer.concat(parts));
  const size = CHANNELS[type];
  const stride = width * size;
  const pixels = Buffer.alloc(width * height * 3);
  let above = Buffer.alloc(stride);
  for (let y = 0; y < height; y++) {
    const filter = raw[y * (stride + 1)];
    const row = raw.subarray(y * (stride + 1) + 1, (y + 1) * (stride + 1));
    unfilter(filter, row, above, size);
    above = row;
    for (let x = 0, to = y * width * 3; x < width; x++, to += 3) {
      const from = (type === 3 ? row[x] : x) * (type === 3 ? 3 : size);
      const color = type === 3 ? palette : row;
      pixels[to] = color[from];
      pixels[to + 1] = color[from + 1];
      pixels[to + 2] = color[from + 2];
    }
  }
  return { width, height, pixels };
}

const CRC = Uint32Array.from({ length: 256 }, (_, n) => {
  for (let k = 0; k < 8; k++) n = n & 1 ? 0xedb88320 ^ (n >>> 1) : n >>> 1;
  return n;
});

function chunk(name, data) {
  const body = Buffer.concat([Buffer.from(name, 'latin1'), data]);
  let crc = 0xffffffff;
  for (const byte of body) crc = CRC[(crc ^ byte) & 255] ^ (crc >>> 8);
  const frame = Buffer.alloc(8);
  frame.writeUInt32BE(data.length, 0);
  frame.writeUInt32BE((crc ^ 0xffffffff) >>> 0, 4);
  return Buffer.concat([frame.subarray(0, 4), body, frame.subarray(4)]);
}

/** A PNG file of at most 256 colors: the most frequent ones, and for the others the nearest. */
export function encode({ width, height, pixels }) {
  // Colors are gathered by their five upper bits, and shown as their mean.
  const sums = new Float64Array(32768 * 4);
  const key = (at) => ((pixels[at] >> 3) << 10) | ((pixels[at + 1] >> 3) << 5) | (pixels[at + 2] >> 3);
  for (let at = 0; at < pixels.length; at += 3) {
    const k = key(at) * 4;
    sums[k] += pixels[at];
    sums[k + 1] += pixels[at + 1];
    sums[k + 2] += pixels[at + 2];
    sums[k + 3]++;
  }
  const keys = [];
  for (let k = 0; k < 32768; k++) if (sums[k * 4 + 3] > 0) keys.push(k);
  keys.sort((a, b) => sums[b * 4 + 3] - sums[a * 4 + 3] || a - b);
  // The most frequent color of each region comes first, so that a small mark keeps its own.
  const regions = new Set();
  const first = keys.filter((k) => {
    const region = ((k >> 13) << 6) | (((k >> 8) & 3) << 3) | ((k >> 3) & 3);
    return !regions.has(region) && regions.add(region);
  });
  const rest = keys.filter((k) => !first.includes(k));
  keys.splice(0, keys.length, ...first, ...rest);
  const mean = (k) => [0, 1, 2].map((n) => Math.round(sums[k * 4 + n] / sums[k * 4 + 3]));
  const palette = keys.slice(0, 256).map(mean);
  const index = new Uint8Array(32768);
  keys.forEach((k, n) => {
    if (n < 256) return void (index[k] = n);
    const color = mean(k);
    let best = Infinity;
    palette.forEach((one, at) => {
      const far = one.reduce((sum, value, channel) => sum + (value - color[channel]) ** 2, 0);
      if (far < best) [best, index[k]] = [far, at];
    });
  });
  const raw = Buffer.alloc((width + 1) * height);
  for (let y = 0, at = 0; y < height; y++) {
    for (let x = 0; x < width; x++, at += 3) raw[y * (width + 1) + 1 + x] = index[key(at)];
  }
  const head = Buffer.alloc(13);
  head.writeUInt32BE(width, 0);
  head.writeUInt32BE(height, 4);
  head.set([8, 3, 0, 0, 0], 8);
  return Buffer.concat([
    SIGNATURE,
    chunk('IHDR', head),
    chunk('PLTE', Buffer.from(palette.flat())),
    chunk('IDAT', deflateSync(raw, { level: 9 })),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}

/** So far may a channel be off: the kept picture has fewer colors. */
const NEAR = 40;

/**
 * How many pixels differ, and a picture of them. A pixel that is like one of its neighbors in the
 * other picture is the edge of a letter that was drawn a little differently, and does not count.
 */
export function compare(kept, now) {
  if (kept.width !== now.width || kept.height !== now.height) return { count: Infinity, picture: now };
  const { width, height } = now;
  const off = (a, b) => (a > b ? a - b : b - a) > NEAR;
  const near = (a, at, b, to) => !off(a[at], b[to]) && !off(a[at + 1], b[to + 1]) && !off(a[at + 2], b[to + 2]);
  const around = (a, at, b, x, y) => {
    for (let dy = -1; dy <= 1; dy++) {
      for (let dx = -1; dx <= 1; dx++) {
        const [nx, ny] = [x + dx, y + dy];
        if (nx >= 0 && ny >= 0 && nx < width && ny < height && near(a, at, b, (ny * width + nx) * 3)) return true;
      }
    }
    return false;
  };
  const picture = Buffer.from(now.pixels, 0);
  let count = 0;
  for (let y = 0, at = 0; y < height; y++) {
    for (let x = 0; x < width; x++, at += 3) {
      if (near(kept.pixels, at, now.pixels, at)) continue;
      if (around(now.pixels, at, kept.pixels, x, y) && around(kept.pixels, at, now.pixels, x, y)) continue;
      count++;
      picture.set([255, 0, 80], at);
    }
  }
  return { count, picture: { width, height, pixels: picture } };
}
