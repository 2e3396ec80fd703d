import { mount } from 'svelte';
import './app.css';
import App from './App.svelte';
import { boot } from './lib/boot';
import { clock } from './lib/clock.svelte';
import { connection } from './lib/connection.svelte';
import { nav } from './lib/navigation.svelte';
import { session } from './lib/session.svelte';
import { theme } from './lib/theme.svelte';
import { logParts } from './ui/LogSlot.svelte';

theme.start();
nav.start();
clock.start();
connection.start();
void session.start();
document.addEventListener('visibilitychange', () =>
  document.documentElement.toggleAttribute('data-hidden', document.hidden),
);

const target = document.getElementById('app');
const show = (): void => {
  if (target) mount(App, { target });
};
// A job's log is a part of its own. Where the page brought its lines along, the part was asked for
// together with this one: waiting for it makes one picture of the page instead of two.
if (nav.route.name !== 'job') show();
else {
  const viewer = logParts.viewer();
  if (boot()?.log) void viewer.then(show, show);
  else {
    viewer.catch(() => undefined);
    show();
  }
}
