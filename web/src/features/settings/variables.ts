import type { ChangedEnvVar, EnvVar, NewEnvVar } from '../../api/types';

/** What of a variable is changed. A value that was never shown and is not typed anew stays. */
export function changeOf(before: EnvVar, wanted: NewEnvVar): ChangedEnvVar {
  const branch = wanted.branch ?? null;
  const isNew = before.public ? wanted.value !== before.value : wanted.value !== '';
  return {
    ...(wanted.name !== before.name && { name: wanted.name }),
    ...(isNew && { value: wanted.value }),
    ...(wanted.public !== before.public && { public: wanted.public ?? false }),
    ...(branch !== before.branch && { branch }),
  };
}
