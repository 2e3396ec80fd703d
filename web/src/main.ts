import { mount } from 'svelte';
import './app.css';
import App from './App.svelte';
import { clock } from './lib/clock.svelte';
import { connection } from './lib/connection.svelte';
import { nav } from './lib/navigation.svelte';
import { session } from './lib/session.svelte';
import { theme } from './lib/theme.svelte';

theme.start();
nav.start();
clock.start();
connection.start();
void session.start();
document.addEventListener('visibilitychange', () =>
  document.documentElement.toggleAttribute('data-hidden', document.hidden),
);

const target = document.getElementById('app');
if (target) mount(App, { target });
