// Replaces getUserMedia by a canvas on which a head is lit by what the page really shows at that moment.
// Options come as window.__virtualTraveller before the page's own scripts run; nothing here leaves the browser.
(() => {
  const options = window.__virtualTraveller;
  if (!options || !navigator.mediaDevices) return;
  const LINEAR = new Float32Array(256).map((_, code) => {
    const x = code / 255;
    return x <= 0.04045 ? x / 12.92 : ((x + 0.055) / 1.055) ** 2.4;
  });
  const CODES = 4096;
  const TONE = new Uint8ClampedArray(CODES).map((_, k) => {
    const x = k / (CODES - 1);
    return 255 * (x <= 0.0031308 ? 12.92 * x : 1.055 * x ** (1 / 2.4) - 0.055);
  });
  const log = { shown: [], frames: 0, granted: 0, stopped: 0 };
  window.__virtualTravellerLog = log;

  async function layer(base64, fullScale) {
    const bytes = Uint8Array.from(atob(base64), (c) => c.charCodeAt(0));
    const bitmap = await createImageBitmap(new Blob([bytes], { type: "image/png" }));
    const canvas = new OffscreenCanvas(bitmap.width, bitmap.height);
    const context = canvas.getContext("2d");
    context.drawImage(bitmap, 0, 0);
    const rgba = context.getImageData(0, 0, bitmap.width, bitmap.height).data;
    const found = new Float32Array(bitmap.width * bitmap.height * 3);
    for (let k = 0, at = 0; k < rgba.length; k += 4) {
      for (let c = 0; c < 3; c += 1, at += 1) found[at] = (rgba[k + c] / 255) ** 2 * fullScale;
    }
    return found;
  }

  // Mean linear colour of the viewport, from the computed colours on a grid: what a face before the screen receives.
  function shownColour() {
    const sum = [0, 0, 0];
    let count = 0;
    for (let row = 0; row < 6; row += 1) {
      for (let column = 0; column < 4; column += 1) {
        const x = ((column + 0.5) / 4) * innerWidth;
        const y = ((row + 0.5) / 6) * innerHeight;
        let element = document.elementFromPoint(x, y);
        let colour = null;
        while (element && colour === null) {
          const found = /rgba?\(([\d.]+),? ([\d.]+),? ([\d.]+)(?:[,/ ]+([\d.]+))?\)/.exec(getComputedStyle(element).backgroundColor);
          if (found && (found[4] === undefined || Number(found[4]) > 0.5)) colour = found.slice(1, 4).map(Number);
          element = element.parentElement;
        }
        const [r, g, b] = colour ?? [255, 255, 255];
        sum[0] += LINEAR[Math.round(r)];
        sum[1] += LINEAR[Math.round(g)];
        sum[2] += LINEAR[Math.round(b)];
        count += 1;
      }
    }
    return sum.map((value) => value / count);
  }

  const history = [];
  function watch(now) {
    const light = document.getElementById("light");
    const colour = shownColour();
    history.push([now, colour]);
    if (history.length > 120) history.shift();
    if (light && !light.hidden) log.shown.push([now, ...colour, document.documentElement.dataset.state]);
    requestAnimationFrame(watch);
  }

  function colourAt(now) {
    let found = history.length > 0 ? history[0][1] : [0, 0, 0];
    for (const [at, colour] of history) if (at <= now) found = colour;
    return found;
  }

  async function stream() {
    const { width, height, fps, lagMs, kind, earlier } = options;
    const room = await layer(options.room, options.fullScale);
    const screen = await layer(options.screen, options.fullScale);
    const grain = new Float32Array(65536).map(() => (Math.random() + Math.random() + Math.random() - 1.5) * 0.012);
    const plain = new OffscreenCanvas(width, height);
    const plainContext = plain.getContext("2d");
    const picture = plainContext.createImageData(width, height);
    const canvas = document.createElement("canvas");
    canvas.width = width;
    canvas.height = height;
    const context = canvas.getContext("2d");
    let lightBegan = null;
    const walk = [0, 0];

    function colour(now) {
      if (kind === "frozen") return [0.3, 0.3, 0.3];
      if (kind !== "replay") return colourAt(now - lagMs);
      // A recording of an earlier session, started as the light starts: right in everything but this session's colours.
      const light = document.getElementById("light");
      if (document.documentElement.dataset.state !== "light" || !light || light.hidden) {
        lightBegan = null;
        return colourAt(now - lagMs);
      }
      lightBegan ??= now;
      const at = now - lightBegan - lagMs;
      const slot = earlier.find((one) => at >= one.start_ms && at < one.start_ms + one.duration_ms);
      return (slot?.srgb ?? [0, 0, 0]).map((code) => LINEAR[code]);
    }

    // Room and screen weigh differently for each trick; the loop is written out because it runs for every pixel.
    function weights([r, g, b]) {
      if (kind !== "tinted") return [1, 1, 1, r, g, b];
      const tint = [0.55 + 0.9 * r, 0.55 + 0.9 * g, 0.55 + 0.9 * b];
      return [...tint, ...tint.map((value) => 0.3 * value)];
    }

    function paint(now) {
      const [roomR, roomG, roomB, r, g, b] = weights(colour(now));
      const data = picture.data;
      const shift = Math.floor(Math.random() * 65536);
      const top = CODES - 1;
      for (let k = 0, at = 0; at < room.length; k += 4, at += 3) {
        const red = room[at] * roomR + screen[at] * r;
        const green = room[at + 1] * roomG + screen[at + 1] * g;
        const blue = room[at + 2] * roomB + screen[at + 2] * b;
        const noisyRed = (red + grain[(at + shift) & 65535] * Math.sqrt(red)) * CODES;
        const noisyGreen = (green + grain[(at + 1 + shift) & 65535] * Math.sqrt(green)) * CODES;
        const noisyBlue = (blue + grain[(at + 2 + shift) & 65535] * Math.sqrt(blue)) * CODES;
        data[k] = TONE[noisyRed > top ? top : noisyRed < 0 ? 0 : noisyRed | 0];
        data[k + 1] = TONE[noisyGreen > top ? top : noisyGreen < 0 ? 0 : noisyGreen | 0];
        data[k + 2] = TONE[noisyBlue > top ? top : noisyBlue < 0 ? 0 : noisyBlue | 0];
        data[k + 3] = 255;
      }
      plainContext.putImageData(picture, 0, 0);
      for (const axis of [0, 1]) walk[axis] = 0.96 * walk[axis] + (Math.random() - 0.5) * options.motionPx;
      context.drawImage(plain, walk[0], walk[1]);
      log.frames += 1;
    }

    paint(performance.now());
    const timer = setInterval(() => paint(performance.now()), 1000 / fps);
    const made = canvas.captureStream(fps);
    const [track] = made.getVideoTracks();
    const stop = track.stop.bind(track);
    track.stop = () => {
      clearInterval(timer);
      log.stopped += 1;
      stop();
    };
    window.__virtualTravellerTrack = track;
    window.__virtualTravellerLose = () => {
      clearInterval(timer);
      stop();
      track.dispatchEvent(new Event("ended"));
    };
    return made;
  }

  navigator.mediaDevices.getUserMedia = async () => {
    if (options.refuse) throw new DOMException("refused", options.refuse);
    log.granted += 1;
    return stream();
  };
  requestAnimationFrame(watch);
})();
