package testnet

import (
	"bytes"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"os"
	"path/filepath"
	"time"
)

// Tor names nodes by the SHA-1 of a 1024-bit RSA key, and authorities by that
// of a larger one: old formats (dir-spec, sections 2 and 3) that still have to
// be met. The keys guard nothing here. Everything newer (Ed25519 identities)
// tor makes by itself.
const (
	identityBits  = 1024
	authorityBits = 2048
)

// writeKeys makes the keys of a node in its folder, and returns its names.
func writeKeys(dir string, authority bool) (fingerprint, v3ident string, err error) {
	keys := filepath.Join(dir, "keys")
	if err := os.MkdirAll(keys, 0o700); err != nil {
		return "", "", err
	}
	identity, err := rsa.GenerateKey(rand.Reader, identityBits)
	if err != nil {
		return "", "", err
	}
	if err := writeKey(filepath.Join(keys, "secret_id_key"), identity); err != nil {
		return "", "", err
	}
	if authority {
		v3ident, err = writeCertificate(keys, time.Now().UTC())
	}
	return keyName(&identity.PublicKey), v3ident, err
}

// writeCertificate makes an authority's long-term key, signing key and the
// certificate that binds them for a year. The long-term key is not kept: the
// certificate outlives the network.
func writeCertificate(keys string, now time.Time) (v3ident string, err error) {
	longTerm, err := rsa.GenerateKey(rand.Reader, authorityBits)
	if err != nil {
		return "", err
	}
	signing, err := rsa.GenerateKey(rand.Reader, authorityBits)
	if err != nil {
		return "", err
	}
	cert, err := certificate(longTerm, signing, now)
	if err != nil {
		return "", err
	}
	if err := os.WriteFile(filepath.Join(keys, "authority_certificate"), cert, 0o600); err != nil {
		return "", err
	}
	return keyName(&longTerm.PublicKey), writeKey(filepath.Join(keys, "authority_signing_key"), signing)
}

// certificate writes a key certificate, version 3 (dir-spec, "Creating key
// certificates").
func certificate(longTerm, signing *rsa.PrivateKey, now time.Time) ([]byte, error) {
	const layout = "2006-01-02 15:04:05"
	digest := sha1.Sum(x509.MarshalPKCS1PublicKey(&longTerm.PublicKey))
	cross, err := rsa.SignPKCS1v15(nil, signing, 0, digest[:])
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	fmt.Fprintf(&b, "dir-key-certificate-version 3\nfingerprint %s\n", keyName(&longTerm.PublicKey))
	fmt.Fprintf(&b, "dir-key-published %s\n", now.Add(-time.Hour).Format(layout))
	fmt.Fprintf(&b, "dir-key-expires %s\n", now.AddDate(1, 0, 0).Format(layout))
	fmt.Fprintf(&b, "dir-identity-key\n%s", publicKey(longTerm))
	fmt.Fprintf(&b, "dir-signing-key\n%s", publicKey(signing))
	fmt.Fprintf(&b, "dir-key-crosscert\n%s", armour("ID SIGNATURE", cross))
	b.WriteString("dir-key-certification\n")
	whole := sha1.Sum(b.Bytes())
	signature, err := rsa.SignPKCS1v15(nil, longTerm, 0, whole[:])
	if err != nil {
		return nil, err
	}
	b.WriteString(armour("SIGNATURE", signature))
	return b.Bytes(), nil
}

func keyName(k *rsa.PublicKey) string {
	return fmt.Sprintf("%X", sha1.Sum(x509.MarshalPKCS1PublicKey(k)))
}

func publicKey(k *rsa.PrivateKey) string {
	return armour("RSA PUBLIC KEY", x509.MarshalPKCS1PublicKey(&k.PublicKey))
}

func writeKey(path string, k *rsa.PrivateKey) error {
	return os.WriteFile(path, []byte(armour("RSA PRIVATE KEY", x509.MarshalPKCS1PrivateKey(k))), 0o600)
}

func armour(name string, b []byte) string {
	return string(pem.EncodeToMemory(&pem.Block{Type: name, Bytes: b}))
}
