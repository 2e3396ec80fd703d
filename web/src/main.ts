import { mount } from 'svelte';
import './app.css';
import App from './App.svelte';
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

// Its log is a part of its own: on its way while the page is made.
if (nav.route.name === 'job') void logParts.viewer();

const target = document.getElementById('app');
if (target) mount(App, { target });
