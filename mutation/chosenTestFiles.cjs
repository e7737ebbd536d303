/** Jest's filter: of all test files those that fileByFileRunner.js names, or all. */
module.exports = (paths) => {
  const chosen = process.env['CHOSEN_TEST_FILES']?.split('\n');
  return {
    filtered: chosen === undefined ? paths : paths.filter((path) => chosen.some((file) => path.endsWith(file))),
  };
};
