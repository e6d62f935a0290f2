package blind

// Hide takes the random bytes themselves, which the RFC's vectors fix.
var Hide = hide
