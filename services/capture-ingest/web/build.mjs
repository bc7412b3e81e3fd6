// Builds the capture page into the Python package that serves it; with --tests, the unit tests into build/test.
import { cp, mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";

const here = new URL(".", import.meta.url);
const out = new URL("../src/capture_ingest/page/", here);
const path = (name, base = here) => fileURLToPath(new URL(name, base));
const common = { bundle: true, format: "esm", target: ["es2022", "safari15.4", "firefox102"], logLevel: "warning" };

if (process.argv.includes("--tests")) {
  const names = (await readdir(path("test"))).filter((name) => name.endsWith(".test.ts"));
  await rm(path("build/test"), { recursive: true, force: true });
  const entryPoints = names.map((name) => path(`test/${name}`));
  await build({
    ...common,
    target: "node20",
    entryPoints,
    outdir: path("build/test"),
    platform: "node",
    outExtension: { ".js": ".mjs" },
  });
  await build({ ...common, entryPoints: [path("test/gallery.ts")], outdir: path("build/gallery") });
  process.exit(0);
}

await rm(out, { recursive: true, force: true });
await mkdir(path("guidance/", out), { recursive: true });
const pages = { ...common, minify: true, legalComments: "none", sourcemap: false };
await build({
  ...pages,
  entryPoints: { page: path("src/main.ts"), operator: path("src/operator/operator.ts") },
  outdir: path(".", out),
  splitting: true,
  chunkNames: "part-[hash]",
  external: ["./guidance/*"],
});
await build({
  ...pages,
  format: "iife",
  entryPoints: { "borderlight-capture": path("src/embed/element.ts") },
  outdir: path(".", out),
});
await build({
  ...pages,
  entryPoints: { page: path("src/page.css"), operator: path("src/operator/operator.css") },
  outdir: path(".", out),
});
for (const name of ["index.html", "operator/operator.html"]) {
  await cp(path(`src/${name}`), path(name.split("/").at(-1), out));
}
// Face guidance is optional and loaded late: a runtime from the registry, beside a model of our own.
const runtime = path("node_modules/onnxruntime-web/dist/");
for (const name of ["ort.wasm.min.mjs", "ort-wasm-simd-threaded.mjs", "ort-wasm-simd-threaded.wasm"]) {
  await cp(`${runtime}${name}`, path(`guidance/${name}`, out));
}

// Served as they are to whoever accepts them: nobody compresses 14 MB of WASM for every traveller.
for (const name of await readdir(out, { recursive: true })) {
  if (!/\.(js|mjs|css|html|wasm)$/.test(name)) continue;
  await writeFile(path(`${name}.gz`, out), gzipSync(await readFile(path(name, out)), { level: 9 }));
}

// What a first visit loads, without guidance: the page, its style, its script, one language.
const first = ["index.html", "page.css", "page.js"];
const parts = (await readdir(out)).filter((name) => /^part-.*\.js$/.test(name));
const size = async (name) => (await readFile(path(`${name}.gz`, out))).length;
const total = (await Promise.all([...first, ...parts].map(size))).reduce((sum, one) => sum + one, 0);
const later = (
  await Promise.all(
    (
      await readdir(path("guidance/", out))
    )
      .filter((name) => !name.endsWith(".gz"))
      .map((name) => size(`guidance/${name}`)),
  )
).reduce((sum, one) => sum + one, 0);
const sizes = { first_load_gzip_bytes: total, guidance_gzip_bytes: later };
await writeFile(path("sizes.json", out), `${JSON.stringify(sizes)}\n`);
console.log(
  `capture page built: ${(total / 1000).toFixed(1)} kB gzip for a first load with every language, ` +
    `${(later / 1e6).toFixed(1)} MB for optional face guidance`,
);
if (total > 150_000) throw new Error("the first load is larger than 150 kB");
