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
