// A client as Orchard's own: Basic credentials, JSON over net/http, and the WebSocket library and
// read limit (32,768 bytes a message) that Orchard's Go client uses. Written from the description
// of the protocol; each step that does not go as it describes ends the program with a message.
package main

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/coder/websocket"
)

type client struct {
	base  *url.URL
	token string
	http  *http.Client
}

type message struct {
	Type string `json:"type"`
	Data []byte `json:"data"`
	Exit *struct {
		Code int `json:"code"`
	} `json:"exit"`
	Error     string `json:"error"`
	Watermark uint64 `json:"watermark"`
}

func check(err error, what string) {
	if err != nil {
		fail("%s: %v", what, err)
	}
}

func fail(format string, args ...any) {
	fmt.Fprintf(os.Stderr, format+"\n", args...)
	os.Exit(1)
}

func (c *client) header() http.Header {
	pair := base64.StdEncoding.EncodeToString([]byte("robot:" + c.token))
	return http.Header{"Authorization": {"Basic " + pair}, "User-Agent": {"Orchard/0.40.0-test"}}
}

// call returns the status and the body; into, if given, gets the JSON of a 200.
func (c *client) call(method, path string, query url.Values, body, into any) (int, string) {
	var reader io.Reader
	if body != nil {
		encoded, err := json.Marshal(body)
		check(err, path)
		reader = bytes.NewReader(encoded)
	}
	target := c.base.JoinPath("v1", path)
	target.RawQuery = query.Encode()
	request, err := http.NewRequest(method, target.String(), reader)
	check(err, path)
	request.Header = c.header()
	response, err := c.http.Do(request)
	check(err, path)
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	check(err, path)
	if into != nil {
		if response.StatusCode != http.StatusOK {
			fail("%s %s: %d %s", method, path, response.StatusCode, text)
		}
		check(json.Unmarshal(text, into), path)
	}
	return response.StatusCode, string(text)
}

func (c *client) expect(want int, method, path string, query url.Values, body any) string {
	status, text := c.call(method, path, query, body, nil)
	if status != want {
		fail("%s %s: %d instead of %d: %s", method, path, status, want, text)
	}
	return text
}

type vm struct {
	Name       string `json:"name"`
	UID        string `json:"uid"`
	Status     string `json:"status"`
	Worker     string `json:"worker"`
	PowerState string `json:"powerState"`
	Conditions []struct {
		Type  string `json:"type"`
		State string `json:"state"`
	} `json:"conditions"`
	ScheduledAt time.Time `json:"scheduled_at"`
	CreatedAt   time.Time `json:"createdAt"`
	Generation  uint64    `json:"generation"`
	Version     uint64    `json:"version"`
}

// watch sends each event's type and object until the VM's agent is connected.
func (c *client) watch(name string) []string {
	target := c.base.JoinPath("v1", "vms", name)
	target.RawQuery = "watch=true"
	request, err := http.NewRequest(http.MethodGet, target.String(), nil)
	check(err, "watch")
	request.Header = c.header()
	response, err := c.http.Do(request)
	check(err, "watch")
	defer response.Body.Close()
	var types []string
	for decoder := json.NewDecoder(bufio.NewReader(response.Body)); ; {
		var event struct {
			Type   string `json:"type"`
			Object vm     `json:"object"`
		}
		check(decoder.Decode(&event), "watch")
		types = append(types, event.Type)
		for _, condition := range event.Object.Conditions {
			if condition.Type == "agent-connected" && condition.State == "true" {
				return types
			}
		}
	}
}

func (c *client) objects(name string) {
	var info struct {
		Version      string   `json:"version"`
		Capabilities []string `json:"capabilities"`
	}
	c.call(http.MethodGet, "controller/info", nil, nil, &info)
	if info.Version == "" || len(info.Capabilities) == 0 {
		fail("controller info: %v", info)
	}
	c.expect(200, http.MethodGet, "/", nil, nil)

	watched := make(chan []string)
	go func() { watched <- c.watch(name) }()
	var created vm
	// What Orchard's command line sends without any flag but the image.
	c.call(http.MethodPost, "vms", nil, map[string]any{
		"name": name, "image": "default", "imagePullPolicy": "IfNotPresent", "cpu": 4, "memory": 8192,
		"headless": true, "username": "admin", "password": "admin", "restart_policy": "Never",
		"createdAt": time.Time{},
	}, &created)
	c.expect(409, http.MethodPost, "vms", nil, map[string]any{"name": name, "image": "default"})
	if types := <-watched; types[0] != "ADDED" {
		fail("watch began with %v", types)
	}
	var running vm
	c.call(http.MethodGet, "vms/"+name, nil, nil, &running)
	if running.Status != "running" || running.UID != created.UID || running.ScheduledAt.IsZero() || running.Version == 0 {
		fail("vm: %+v", running)
	}
	var listed []vm
	c.call(http.MethodGet, "vms", url.Values{"filter": {"worker=" + running.Worker}}, nil, &listed)
	if len(listed) == 0 {
		fail("the worker has no VM")
	}
	var events []struct {
		Kind      string `json:"kind"`
		Timestamp int64  `json:"timestamp"`
		Payload   string `json:"payload"`
	}
	c.call(http.MethodGet, "vms/"+name+"/events", url.Values{"order": {"desc"}}, nil, &events)
	if len(events) < 3 || events[0].Kind != "log_line" {
		fail("events: %v", events)
	}
	var workers []struct {
		Name     string    `json:"name"`
		LastSeen time.Time `json:"last_seen"`
	}
	c.call(http.MethodGet, "workers", nil, nil, &workers)
	if len(workers) == 0 || time.Since(workers[0].LastSeen) > time.Minute {
		fail("workers: %v", workers)
	}
	for _, paused := range []bool{true, false} {
		var worker struct {
			Paused bool `json:"scheduling_paused"`
		}
		c.call(http.MethodPut, "workers/"+workers[0].Name, nil, map[string]any{"scheduling_paused": paused}, &worker)
		if worker.Paused != paused {
			fail("scheduling_paused did not become %v", paused)
		}
	}
	fmt.Println("objects")
}

func (c *client) remove(name string) {
	var stopped vm
	c.call(http.MethodPut, "vms/"+name, nil, map[string]any{"powerState": "stopped"}, &stopped)
	if stopped.PowerState != "stopped" {
		fail("the VM is not to be stopped: %+v", stopped)
	}
	c.expect(412, http.MethodPut, "vms/"+name, nil, map[string]any{"powerState": "running"})
	c.expect(200, http.MethodDelete, "vms/"+name, nil, nil)
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(100 * time.Millisecond) {
		if status, _ := c.call(http.MethodGet, "vms/"+name, nil, nil, nil); status == 404 {
			break
		}
		if time.Now().After(deadline) {
			fail("the VM is not gone")
		}
	}
	fmt.Println("removed")
}

func (c *client) dial(vm string, query url.Values) (*websocket.Conn, int) {
	target := c.base.JoinPath("v1", "vms", vm, "exec")
	target.Scheme = "wss"
	target.RawQuery = query.Encode()
	conn, response, err := websocket.Dial(context.Background(), target.String(),
		&websocket.DialOptions{HTTPClient: c.http, HTTPHeader: c.header()})
	if err != nil {
		if response == nil || response.StatusCode == http.StatusSwitchingProtocols {
			fail("exec: %v", err)
		}
		return nil, response.StatusCode
	}
	return conn, response.StatusCode
}

func (c *client) open(vm string, query url.Values) *websocket.Conn {
	conn, status := c.dial(vm, query)
	if conn == nil {
		fail("exec %v: %d", query, status)
	}
	return conn
}

func read(conn *websocket.Conn) (message, error) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	_, data, err := conn.Read(ctx)
	var decoded message
	if err == nil {
		check(json.Unmarshal(data, &decoded), string(data))
	}
	return decoded, err
}

func say(conn *websocket.Conn, text string) {
	check(conn.Write(context.Background(), websocket.MessageText, []byte(text)), "write")
}

// until collects output up to a message of that type.
func until(conn *websocket.Conn, last string) (string, message) {
	var output strings.Builder
	for {
		next, err := read(conn)
		check(err, "waiting for "+last)
		output.Write(next.Data)
		if next.Type == last {
			return output.String(), next
		}
	}
}

// run runs a command to its end and returns its output, its code and the code of the close.
func (c *client) run(vm string, query url.Values, input string) (string, int, websocket.StatusCode) {
	conn := c.open(vm, query)
	defer conn.CloseNow()
	for from := 0; from < len(input); from += 20_000 {
		data := []byte(input[from:min(len(input), from+20_000)])
		say(conn, `{"type":"stdin","data":"`+base64.StdEncoding.EncodeToString(data)+`"}`)
	}
	if input != "" {
		say(conn, `{"type":"stdin"}`)
	}
	output, exit := until(conn, "exit")
	_, err := read(conn)
	var closed websocket.CloseError
	if !errors.As(err, &closed) {
		fail("no close frame: %v", err)
	}
	return output, exit.Exit.Code, closed.Code
}

func (c *client) expectRun(vm string, query url.Values, input, output string, code int) {
	gotOutput, gotCode, closed := c.run(vm, query, input)
	if gotOutput != output || gotCode != code || closed != websocket.StatusNormalClosure {
		fail("%v: %.200q, code %d, closed with %d", query, gotOutput, gotCode, closed)
	}
}

func (c *client) exec(vm string) {
	command := func(line string) url.Values { return url.Values{"command": {line}, "wait": {"60"}} }
	c.expectRun(vm, command("echo out; echo oops >&2; exit 7"), "", "out\noops\n", 7)
	c.expectRun(vm, command("kill -9 $$"), "", "", 137)
	c.expectRun(vm, command("surely-nothing-of-this-name 2>/dev/null"), "", "", 127)
	options := command(`printf %s "$A$PWD"`)
	options.Set("env[A]", "a 'b' \"c\" $d\n")
	options.Set("workdir", "/tmp")
	c.expectRun(vm, options, "", "a 'b' \"c\" $d\n/tmp", 0)
	options = command("pwd")
	options.Set("workdir", "/nowhere")
	c.expectRun(vm, options, "", "", 126)
	interactive := command("cat | wc -c | tr -d ' '")
	interactive.Set("interactive", "true")
	c.expectRun(vm, interactive, strings.Repeat("x", 1_000_000), "1000000\n", 0)
	c.expectRun(vm, command("cat"), "", "", 0)
	terminal := command("stty size")
	for name, value := range map[string]string{"tty": "true", "rows": "40", "cols": "120"} {
		terminal.Set(name, value)
	}
	c.expectRun(vm, terminal, "", "40 120\r\n", 0)
	// Sixteen times what makes Orchard's own controller drop the rest.
	conn := c.open(vm, command("head -c 8388608 /dev/zero"))
	output, exit := until(conn, "exit")
	if len(output) != 8<<20 || exit.Exit.Code != 0 {
		fail("%d bytes arrived, code %d", len(output), exit.Exit.Code)
	}
	for status, query := range map[int]url.Values{
		400: {"wait": {"1"}}, 404: {"session": {"nobody"}}} {
		if _, got := c.dial(vm, query); got != status {
			fail("%v: %d instead of %d", query, got, status)
		}
	}
	fmt.Println("exec")
}

func (c *client) sessions(vm string) {
	start := url.Values{"session": {"work/1"}, "command": {"echo begun; cat; echo ended"},
		"interactive": {"1"}, "wait": {"60"}}
	join := url.Values{"session": {"work/1"}}
	first := c.open(vm, start)
	begun, err := read(first)
	check(err, "first output")
	if string(begun.Data) != "begun\n" || begun.Watermark == 0 {
		fail("%v", begun)
	}
	check(first.CloseNow(), "leave")

	second := c.open(vm, join)
	say(second, `{"type":"history","watermark":0}`)
	if past, end := until(second, "no_more_history"); past != "begun\n" || end.Watermark != begun.Watermark {
		fail("history: %q to %d", past, end.Watermark)
	}
	third := c.open(vm, start)
	line := strings.Repeat("y", 999) + "\n"
	stdin := `{"type":"stdin","data":"` + base64.StdEncoding.EncodeToString([]byte(line)) + `"}`
	say(third, stdin)
	say(third, `{"type":"ack","watermark":3}`)
	// Messages of different connections have an order once their effect is seen.
	var rest string
	for len(rest) < len(line) {
		echoed, err := read(second)
		check(err, "echo")
		rest += string(echoed.Data)
	}
	say(second, stdin)
	say(second, stdin)
	say(second, `{"type":"stdin","data":""}`)
	more, exit := until(second, "exit")
	rest += more
	if rest != line+line+line+"ended\n" || exit.Exit.Code != 0 {
		fail("%.100q, code %d", rest, exit.Exit.Code)
	}
	other := url.Values{"session": {"work/1"}, "command": {"else"}}
	if _, status := c.dial(vm, other); status != http.StatusConflict {
		fail("other options: %d", status)
	}
	fourth := c.open(vm, join)
	say(fourth, fmt.Sprintf(`{"type":"history","watermark":%d}`, begun.Watermark))
	past, end := until(fourth, "no_more_history")
	if sha256.Sum256([]byte(past)) != sha256.Sum256([]byte(rest)) || end.Watermark != exit.Watermark {
		fail("history of what has ended: %.100q to %d", past, end.Watermark)
	}
	say(fourth, `{"type":"close"}`)
	for _, conn := range []*websocket.Conn{fourth, second} {
		_, err := read(conn)
		if websocket.CloseStatus(err) != websocket.StatusNormalClosure {
			fail("closed with %v", err)
		}
	}
	if _, status := c.dial(vm, join); status != http.StatusNotFound {
		fail("after close: %d", status)
	}

	endless := c.open(vm, url.Values{"session": {"endless"}, "command": {"trap '' HUP; while sleep 0.1; do echo x; done"}})
	_, err = read(endless)
	check(err, "endless")
	say(endless, `{"type":"close"}`)
	for err == nil {
		_, err = read(endless)
	}
	if websocket.CloseStatus(err) != websocket.StatusNormalClosure {
		fail("endless closed with %v", err)
	}
	fmt.Println("sessions")
}

func main() {
	if len(os.Args) != 5 {
		fail("usage: orchard URL TOKEN CA-FILE VM")
	}
	base, err := url.Parse(os.Args[1])
	check(err, "url")
	pem, err := os.ReadFile(os.Args[3])
	check(err, "ca")
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(pem)
	c := &client{base, os.Args[2], &http.Client{
		Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots}}}}
	name := os.Args[4]
	c.objects(name)
	c.exec(name)
	c.sessions(name)
	c.remove(name)
}
