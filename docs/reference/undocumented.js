import { ReflectionKind } from 'typedoc';

const SETTINGS = /(Props|Options)$/;

/**
 * Returns the gaps in the reference: exports and members without a docstring, and optional settings without a
 * documented default.
 */
export function undocumented(project) {
  // A reference is another entry's export, which has the docstring there.
  const exported = (project.children ?? [])
    .flatMap(({ children = [] }) => children)
    .filter((reflection) => !reflection.isReference());
  const members = exported.flatMap(membersOf);
  return [
    ...[...exported, ...members].filter(saysNothing).map((it) => `${it.getFullName()}: expected a docstring`),
    ...members
      .filter(lacksDefault)
      .map((it) => `${it.getFullName()}: expected @default, because the option is optional`),
  ];
}

function membersOf(reflection) {
  if (!reflection.kindOf(ReflectionKind.ClassOrInterface)) return [];
  return (reflection.children ?? []).filter((member) => !member.kindOf(ReflectionKind.Constructor));
}

/**
 * Returns whether a reflection lacks a docstring. The docstring of a function or a getter belongs to its signature. A
 * second entry that exports a type refers to the first one.
 */
function saysNothing(reflection) {
  if (reflection.isReference()) return false;
  const { signatures = [], getSignature } = reflection;
  return ![reflection, ...signatures, getSignature].some((documented) => documented?.hasComment());
}

function lacksDefault(member) {
  if (!member.flags.isOptional || !SETTINGS.test(member.parent.name)) return false;
  return member.comment?.getTag('@default') === undefined;
}
