package site

import "strings"

// Address is one line of the table, for tests that try every address.
type Address struct {
	Name, Pattern string
	Get, Post     bool
}

// Addresses lists the table.
func (s *Site) Addresses() (all []Address) {
	for _, r := range s.table() {
		methods := "GET, HEAD"
		if r.methods != nil {
			methods = r.methods[0]
		}
		all = append(all, Address{r.name, r.pattern, strings.Contains(methods, "GET"), strings.Contains(methods, "POST")})
	}
	return all
}

// Stays is how many sessions and how many seats are open.
func (s *Site) Stays() (sessions, seats int) {
	s.sessions.mu.Lock()
	defer s.sessions.mu.Unlock()
	s.seats.mu.Lock()
	defer s.seats.mu.Unlock()
	return len(s.sessions.open), len(s.seats.open)
}

// MaxSessions is how many sessions may be open at once.
const MaxSessions = maxSessions

// FillSessions takes all the room for sessions, by as many members.
func (s *Site) FillSessions() {
	s.sessions.mu.Lock()
	defer s.sessions.mu.Unlock()
	now := s.now()
	for i := range maxSessions {
		s.sessions.open[[32]byte{1, byte(i), byte(i >> 8), byte(i >> 16)}] = &session{born: now, seen: now}
	}
}
