// Writes FILE.br and FILE.gz beside every file over 1 KB in a folder, so that the server never compresses them itself.
import { readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";

const SMALLEST = 1024;
const PACKED_ALREADY = /\.(br|gz|png|jpe?g|webp|avif|woff2)$|(^|[/\\])hash\.txt$/;

const folder = process.argv[2];
for (const name of readdirSync(folder, { recursive: true })) {
  const path = join(folder, name);
  if (PACKED_ALREADY.test(name) || !statSync(path).isFile() || statSync(path).size < SMALLEST) continue;
  const bytes = readFileSync(path);
  const params = { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length };
  writeFileSync(`${path}.br`, brotliCompressSync(bytes, { params }));
  writeFileSync(`${path}.gz`, gzipSync(bytes, { level: 9 }));
}
