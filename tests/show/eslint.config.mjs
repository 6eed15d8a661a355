// What eslint finds in the program of the map's page; what is not defined, tsc finds.
import js from "@eslint/js";

export default [
  js.configs.recommended,
  {
    rules: {
      "no-undef": "off",
      "no-unused-vars": "off",
      eqeqeq: "error",
      "no-implicit-globals": "error",
      "no-eval": "error",
      "no-var": "error",
      "prefer-const": ["error", { destructuring: "all" }],
      "max-lines-per-function": ["error", { max: 90 }],
    },
  },
];
