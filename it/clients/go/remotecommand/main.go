// A command of client-go's own for pods/exec: remotecommand over WebSocket, whatever the URL.
//
//	remotecommand -kubeconfig FILE -path /apis/…/vms/NAME/exec [-stdin] [-tty] [-size ROWSxCOLS] -- COMMAND…
//
// It ends with the command's exit code, or with 255 and a line on stderr.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"net/url"
	"os"
	"time"

	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/client-go/tools/remotecommand"
	"k8s.io/client-go/util/exec"
)

// sizes gives one size, as a terminal that nobody resizes does, and then waits with its owner.
type sizes struct {
	ctx  context.Context
	size *remotecommand.TerminalSize
}

func (s *sizes) Next() *remotecommand.TerminalSize {
	if size := s.size; size != nil {
		s.size = nil
		return size
	}
	<-s.ctx.Done()
	return nil
}

func main() {
	kubeconfig := flag.String("kubeconfig", "", "file")
	path := flag.String("path", "", "of the exec subresource")
	stdin := flag.Bool("stdin", false, "send standard input")
	tty := flag.Bool("tty", false, "run in a terminal")
	size := flag.String("size", "", "of the terminal, ROWSxCOLS")
	flag.Parse()
	if err := run(*kubeconfig, *path, *stdin, *tty, *size, flag.Args()); err != nil {
		var code exec.CodeExitError
		if errors.As(err, &code) {
			os.Exit(code.Code)
		}
		fmt.Fprintln(os.Stderr, err)
		os.Exit(255)
	}
}

func run(kubeconfig, path string, stdin, tty bool, size string, command []string) error {
	config, err := clientcmd.BuildConfigFromFlags("", kubeconfig)
	if err != nil {
		return err
	}
	target, err := execURL(config, path, stdin, tty, command)
	if err != nil {
		return err
	}
	executor, err := remotecommand.NewWebSocketExecutor(config, "GET", target)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	options := remotecommand.StreamOptions{Stdout: os.Stdout, Tty: tty}
	if !tty {
		options.Stderr = os.Stderr
	}
	if stdin {
		options.Stdin = os.Stdin
	}
	if size != "" {
		var terminal remotecommand.TerminalSize
		if _, err := fmt.Sscanf(size, "%dx%d", &terminal.Height, &terminal.Width); err != nil {
			return err
		}
		options.TerminalSizeQueue = &sizes{ctx, &terminal}
	}
	return executor.StreamWithContext(ctx, options)
}

func execURL(config *rest.Config, path string, stdin, tty bool, command []string) (string, error) {
	server, err := url.Parse(config.Host)
	if err != nil {
		return "", err
	}
	query := url.Values{"command": command, "stdout": {"true"}}
	query.Set("stdin", fmt.Sprint(stdin))
	query.Set("stderr", fmt.Sprint(!tty))
	query.Set("tty", fmt.Sprint(tty))
	server.Path = path
	server.RawQuery = query.Encode()
	return server.String(), nil
}
