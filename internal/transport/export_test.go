package transport

// LoopsChecked says that the tag loopcheck is set.
const LoopsChecked = loopsChecked
