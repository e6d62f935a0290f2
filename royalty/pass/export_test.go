package pass

// The suite's two operations, for keys and messages of any length: those of the
// RFC's vectors are longer than ours.
var (
	SignRaw       = signRaw
	VerifyMessage = verify
)
