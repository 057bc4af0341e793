// Gives every password field a "Show" button; pages work without it. Its words stand in the masthead.
const SVG = 'http://www.w3.org/2000/svg';
const words = document.querySelector('.masthead').dataset;

function eye() {
  const icon = document.createElementNS(SVG, 'svg');
  icon.setAttribute('viewBox', '0 0 20 20');
  icon.setAttribute('aria-hidden', 'true');
  for (const d of ['M1.5 10S4.5 4.5 10 4.5 18.5 10 18.5 10 15.5 15.5 10 15.5 1.5 10 1.5 10Z', 'M10 7.5a2.5 2.5 0 1 1 0 5 2.5 2.5 0 0 1 0-5Z']) {
    const path = document.createElementNS(SVG, 'path');
    path.setAttribute('d', d);
    icon.append(path);
  }
  return icon;
}

function addToggle(box) {
  const input = box.querySelector('input');
  const button = document.createElement('button');
  const show = (shown) => {
    input.type = shown ? 'text' : 'password';
    button.setAttribute('aria-pressed', String(shown));
  };
  button.type = 'button';
  button.className = 'reveal';
  button.setAttribute('aria-label', words.showPassword);
  button.setAttribute('aria-controls', input.id);
  button.append(eye(), words.show);
  button.addEventListener('click', () => show(input.type === 'password'));
  // Sent as a password, so that the browser does not remember it as ordinary text.
  input.form.addEventListener('submit', () => show(false));
  show(false);
  box.append(button);
}

document.querySelectorAll('.secret').forEach(addToggle);

// What can be said of a new password while it is typed: how long it is, and that it is made of little. The server decides.
const ROWS = ['qwertyuiop', 'asdfghjkl', 'zxcvbnm', '1234567890', 'qwertzuiop', 'azertyuiop'];
const RUN = 5;
const PAUSE = 700;

const isStep = (chars, at, by) => chars[at].codePointAt(0) - chars[at - 1].codePointAt(0) === by;

function longestRun(chars) {
  let longest = 0;
  for (const by of [-1, 0, 1]) {
    let run = 1;
    for (let at = 1; at < chars.length; at += 1) {
      run = isStep(chars, at, by) ? run + 1 : 1;
      longest = Math.max(longest, run);
    }
  }
  return longest;
}

function hasRow(text) {
  const both = ROWS.flatMap((row) => [row, [...row].reverse().join('')]);
  return both.some((row) => [...row].some((_, at) => at + RUN <= row.length && text.includes(row.slice(at, at + RUN))));
}

// Made of a part that is written again and again, or of very few different characters.
function repeats(chars) {
  const text = chars.join('');
  if (new Set(chars).size * 3 < chars.length) return true;
  return chars.length >= 6 && (text + text).indexOf(text, 1) < text.length;
}

// The attribute of the meter that says it.
function judge(chars, min) {
  const text = chars.join('').toLowerCase();
  if (chars.length < min) return 'short';
  if (repeats(chars)) return 'repeats';
  return longestRun([...text]) >= RUN || hasRow(text) ? 'sequence' : 'enough';
}

function addMeter(meter) {
  const input = document.getElementById(meter.dataset.for);
  const bar = document.createElement('progress');
  const shown = document.createElement('p');
  const spoken = document.createElement('p');
  const min = Number(meter.dataset.min);
  let timer;
  bar.max = min;
  bar.setAttribute('aria-hidden', 'true');
  shown.className = 'hint';
  shown.setAttribute('aria-hidden', 'true');
  // Spoken when the typing pauses, not at every key.
  spoken.className = 'visually-hidden';
  spoken.setAttribute('aria-live', 'polite');
  meter.append(bar, shown, spoken);
  input.addEventListener('input', () => {
    const chars = [...input.value.normalize('NFC')];
    const word = judge(chars, min);
    const text = chars.length > 0 ? meter.dataset[word].replace('#', chars.length) : '';
    meter.dataset.state = word;
    bar.value = Math.min(chars.length, min);
    shown.textContent = text;
    meter.hidden = chars.length === 0;
    clearTimeout(timer);
    timer = setTimeout(() => (spoken.textContent = text), PAUSE);
  });
}

document.querySelectorAll('.meter').forEach(addMeter);
