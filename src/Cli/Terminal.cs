using System.Runtime.InteropServices;
using System.Text;
using Atoll.Cli.Processes;
using Atoll.Sdk;

namespace Atoll.Cli;

/// <summary>
/// What the process is connected to: its three streams, its environment, its terminal and Ctrl-C. Tests connect it to memory.
/// </summary>
internal sealed class Terminal : IDisposable
{
    private readonly Lock _gate = new();
    private Action? _interrupted;
    private PosixSignalRegistration? _registration;

    public required Stream RawOutput { get; init; }
    public required Stream RawError { get; init; }
    public required TextWriter Output { get; init; }
    public required TextWriter Error { get; init; }
    public required TextReader Input { get; init; }

    /// <summary>Standard input byte by byte.</summary>
    public required Stream RawInput { get; init; }

    public required Func<string, string?> Environment { get; init; }

    /// <summary>The user's home directory.</summary>
    public required string Home { get; init; }

    /// <summary>Whether a person types on standard input.</summary>
    public bool InputIsTerminal { get; init; }

    /// <summary>Whether a person reads standard output.</summary>
    public bool OutputIsTerminal { get; init; }

    /// <summary>Whether a person reads standard error; then progress is shown.</summary>
    public bool ErrorIsTerminal { get; init; }

    /// <summary>Reads a line that is not echoed, from a person.</summary>
    public required Func<string> ReadSecret { get; init; }

    /// <summary>Replaces this process by a program; returns only with the errno of a failure.</summary>
    public required Func<string, string[], int> Replace { get; init; }

    /// <summary>Hands every key on unchanged until the result is disposed of.</summary>
    public required Func<IDisposable> EnterRawMode { get; init; }

    /// <summary>The size of the terminal that a person types on.</summary>
    public required Func<TerminalSize> WindowSize { get; init; }

    public TimeProvider Time { get; init; } = TimeProvider.System;

    public static Terminal OfProcess()
    {
        Stream input = Console.OpenStandardInput(), output = Console.OpenStandardOutput(), error = Console.OpenStandardError();
        UTF8Encoding utf8 = new(encoderShouldEmitUTF8Identifier: false);
        return new Terminal
        {
            RawOutput = output,
            RawError = error,
            Output = new StreamWriter(output, utf8, leaveOpen: true) { AutoFlush = true },
            Error = new StreamWriter(error, utf8, leaveOpen: true) { AutoFlush = true },
            Input = new StreamReader(input, utf8),
            RawInput = input,
            Environment = System.Environment.GetEnvironmentVariable,
            Home = System.Environment.GetFolderPath(System.Environment.SpecialFolder.UserProfile),
            InputIsTerminal = !Console.IsInputRedirected,
            OutputIsTerminal = !Console.IsOutputRedirected,
            ErrorIsTerminal = !Console.IsErrorRedirected,
            ReadSecret = SecretPrompt.Read,
            Replace = Server.Exec.Replace,
            EnterRawMode = RawMode.Enter,
            WindowSize = RawMode.Size,
        };
    }

    /// <summary>Until the result is disposed of, Ctrl-C calls <paramref name="action"/> instead of ending the process.</summary>
    public IDisposable OnInterrupt(Action action)
    {
        lock (_gate)
        {
            _interrupted = action;
            _registration ??= PosixSignalRegistration.Create(PosixSignal.SIGINT, Handle);
        }
        return new Interest(this);
    }

    /// <summary>What Ctrl-C does.</summary>
    public void Interrupt()
    {
        Action? action;
        lock (_gate)
        {
            action = _interrupted;
        }
        action?.Invoke();
    }

    public void Dispose() => _registration?.Dispose();

    private void Handle(PosixSignalContext signal)
    {
        lock (_gate)
        {
            signal.Cancel = _interrupted is not null;
        }
        Interrupt();
    }

    private sealed class Interest(Terminal terminal) : IDisposable
    {
        public void Dispose()
        {
            lock (terminal._gate)
            {
                terminal._interrupted = null;
            }
        }
    }
}
