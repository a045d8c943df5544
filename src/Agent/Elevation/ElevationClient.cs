using System.Collections;
using System.Runtime.InteropServices;
using Atoll.Linux;
using Atoll.Protocol;
using Atoll.Protocol.Frames;
using Atoll.Protocol.Messages;

namespace Atoll.Agent.Elevation;

/// <summary>
/// The program as it is when called <c>sudo</c>: has the agent start a command with the caller's own standard
/// descriptors, passes signals on to it, and ends as it does.
/// </summary>
internal sealed class ElevationClient(Descriptor socket)
{
    private const int Failure = 1;
    private readonly Lock _gate = new();
    private readonly List<int> _early = [];
    private int _pid;

    /// <returns>The exit code of the command, 128 and its number after a signal; 1 when there is no command.</returns>
    public static int Run(IReadOnlyList<string> arguments)
    {
        try
        {
            var line = SudoCommandLine.Parse(arguments);
            return line.Mode switch
            {
                SudoMode.Version => Say($"sudo of Atoll's agent {typeof(ElevationClient).Assembly.GetName().Version?.ToString(3)}"),
                SudoMode.Nothing => 0,
                _ => Run(line),
            };
        }
        catch (SudoUsageException e)
        {
            DescriptorCalls.Print(2, $"sudo: {e.Message}\n{SudoCommandLine.Usage}");
        }
        catch (Exception e) when (e is ProtocolException or IOException or UnauthorizedAccessException)
        {
            DescriptorCalls.Print(2, $"sudo: {e.Message}\n");
        }

        return Failure;
    }

    private static int Run(SudoCommandLine line)
    {
        string passwd = File.Exists("/etc/passwd") ? File.ReadAllText("/etc/passwd") : "";
        UserEntry target = UserDatabase.Find(passwd, "", line.User)
            ?? (line.User == "root" ? new UserEntry("root", 0, 0, "/root", "/bin/sh", [0]) : throw new IOException($"unknown user {line.User}"));
        Dictionary<string, string> environment = [];
        foreach (DictionaryEntry variable in Environment.GetEnvironmentVariables())
        {
            environment[(string)variable.Key] = (string?)variable.Value ?? "";
        }

        // Not Environment.UserName: a static program has no name services to ask.
        UserEntry caller = UserDatabase.Find(passwd, "", $"{Credentials.RealUser}")!;
        var request = SudoRequest.From(line, target, caller.Shell.Length > 0 ? caller.Shell : "/bin/sh", environment, Environment.CurrentDirectory);
        using Descriptor socket = UnixSockets.Connect(environment.GetValueOrDefault(ElevationServer.PathVariable, ElevationServer.DefaultPath));
        int code = new ElevationClient(socket).Run(request);
        return code == 0 && line.Mode == SudoMode.List ? Say($"{caller.Name} may run any command as any user:\n    (ALL : ALL) NOPASSWD: ALL") : code;
    }

    private int Run(StartProcess request)
    {
        var writer = new MessageWriter();
        request.Write(writer, 0);
        if (writer.Length > ElevationServer.MaxRequest)
        {
            DescriptorCalls.Print(2, $"sudo: arguments and environment are larger than {ElevationServer.MaxRequest / 1024} KiB: pass them in a file\n");
            return Failure;
        }

        PosixSignalRegistration[] registrations = ForwardSignals();
        Send(writer, [0, 1, 2]);
        int code = Await(request.Arguments[0]);
        Array.ForEach(registrations, registration => registration.Dispose());
        return code;
    }

    private int Await(string program)
    {
        var reader = new MessageReader(ProtocolLimits.MaxPayload);
        while (true)
        {
            while (reader.TryRead(out Message message))
            {
                switch (message.Type)
                {
                    case MessageType.Started:
                        Start(Started.Read(message.Payload).Pid);
                        break;
                    case MessageType.Exited:
                        return Exited.Read(message.Payload).Code;
                    case MessageType.Error:
                        var error = Error.Read(message.Payload);
                        DescriptorCalls.Print(2, error.Code == AgentErrorCode.ProgramNotFound && !program.Contains('/')
                            ? $"sudo: {program}: command not found\n"
                            : $"sudo: {error.Message}\n");
                        return Failure;
                }
            }

            int count = DescriptorCalls.Read(socket, reader.GetBuffer().Span);
            if (count <= 0)
            {
                throw new IOException("the agent has gone away");
            }

            reader.Advance(count);
        }
    }

    /// <summary>What ends or tells this program is passed on instead; what it was started to ignore, such as by nohup, it ignores.</summary>
    private PosixSignalRegistration[] ForwardSignals() =>
    [
        .. ((int[])[Signals.SIGHUP, Signals.SIGINT, Signals.SIGQUIT, Signals.SIGTERM, Signals.SIGUSR1, Signals.SIGUSR2])
            .Where(number => !Signals.IsIgnored(number))
            .Select(number => PosixSignalRegistration.Create(Portable(number), context =>
            {
                context.Cancel = true;
                Forward(number);
            })),
    ];

    private static PosixSignal Portable(int number) => number switch
    {
        Signals.SIGHUP => PosixSignal.SIGHUP,
        Signals.SIGINT => PosixSignal.SIGINT,
        Signals.SIGQUIT => PosixSignal.SIGQUIT,
        Signals.SIGTERM => PosixSignal.SIGTERM,
        _ => (PosixSignal)number,
    };

    private void Start(int pid)
    {
        lock (_gate)
        {
            _pid = pid;
            _early.ForEach(SendSignal);
        }
    }

    private void Forward(int number)
    {
        lock (_gate)
        {
            if (_pid == 0)
            {
                _early.Add(number);
            }
            else
            {
                SendSignal(number);
            }
        }
    }

    private void SendSignal(int number)
    {
        var writer = new MessageWriter();
        new Signal(_pid, number, WholeGroup: true).Write(writer, 0);
        Send(writer, []);
    }

    /// <summary>Sends all; when the agent has hung up, its answer says why.</summary>
    private void Send(MessageWriter writer, ReadOnlySpan<int> descriptors)
    {
        while (!writer.IsEmpty)
        {
            int sent = descriptors.IsEmpty ? TcpSockets.Send(socket, writer.Written.Span) : UnixSockets.Send(socket, writer.Written.Span, descriptors);
            if (sent < 0)
            {
                return;
            }

            writer.Consume(sent);
            descriptors = sent > 0 ? [] : descriptors;
        }
    }

    private static int Say(string text)
    {
        DescriptorCalls.Print(1, text + "\n");
        return 0;
    }
}
