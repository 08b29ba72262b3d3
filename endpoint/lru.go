package endpoint

import "container/list"

// lru is a map that knows in which order its values were used, so that the
// ones left alone for the longest time can go first. It is not safe for
// concurrent use.
type lru[V any] struct {
	byKey map[string]*list.Element
	order list.List // of lruItem[V], the one used last in front
}

type lruItem[V any] struct {
	key   string
	value V
}

// get returns a value and counts that as a use.
func (l *lru[V]) get(key string) (value V, ok bool) {
	e, ok := l.byKey[key]
	if !ok {
		return value, false
	}
	l.order.MoveToFront(e)
	return e.Value.(lruItem[V]).value, true
}

// put adds a value, or replaces it.
func (l *lru[V]) put(key string, value V) {
	if e, ok := l.byKey[key]; ok {
		e.Value = lruItem[V]{key, value}
		l.order.MoveToFront(e)
		return
	}
	if l.byKey == nil {
		l.byKey = make(map[string]*list.Element)
	}
	l.byKey[key] = l.order.PushFront(lruItem[V]{key, value})
}

// remove takes a value out; it tells whether there was one.
func (l *lru[V]) remove(key string) bool {
	e, ok := l.byKey[key]
	if ok {
		l.order.Remove(e)
		delete(l.byKey, key)
	}
	return ok
}

// oldest returns the value that was not used for the longest time.
func (l *lru[V]) oldest() (key string, value V, ok bool) {
	e := l.order.Back()
	if e == nil {
		return "", value, false
	}
	item := e.Value.(lruItem[V])
	return item.key, item.value, true
}

func (l *lru[V]) len() int { return len(l.byKey) }
