// Copies, saves and prints the recovery codes of the page; without a script they are selected and printed by hand.
const list = document.getElementById('list');
const said = document.getElementById('said');

function save() {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(new Blob([`${list.value}\n`], { type: 'text/plain' }));
  link.download = list.dataset.file;
  link.click();
  URL.revokeObjectURL(link.href);
}

async function copy({ dataset }) {
  list.select();
  await navigator.clipboard.writeText(list.value);
  said.textContent = dataset.done;
}

const ACTS = { copy, save, print: () => window.print() };
const acts = document.querySelector('.codes-acts');
acts.hidden = false;
acts.addEventListener('click', ({ target }) => ACTS[target.value]?.(target));
