import type { AppForm } from '../../api/types';

/** How long the browser has to leave the page. */
const PATIENCE_MS = 5000;

/** Sends the manifest to the forge by a form, as the browser itself would. */
export function leaveWith(made: AppForm, stayed: () => void): void {
  const form = document.createElement('form');
  form.method = 'post';
  form.action = made.action;
  const field = document.createElement('input');
  field.type = 'hidden';
  field.name = 'manifest';
  field.value = typeof made.manifest === 'string' ? made.manifest : JSON.stringify(made.manifest);
  form.append(field);
  document.body.append(form);
  form.submit();
  setTimeout(() => {
    stayed();
    form.remove();
  }, PATIENCE_MS);
}
