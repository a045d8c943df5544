using Atoll.Agent.Boot;
using Atoll.Agent.Files;
using Atoll.Agent.Loop;
using Atoll.Agent.Processes;
using Atoll.Agent.Tunnels;
using Atoll.Linux;
using Atoll.Protocol;
using Atoll.Protocol.Frames;
using Atoll.Protocol.Messages;

namespace Atoll.Agent.Connections;

/// <summary>What the agent does for each message: the one table of requests and replies.</summary>
internal sealed class RequestHandler(
    EventLoop loop, AgentSecret secret, string version, ProcessTable processes, SandboxSettings settings, TunnelOpening tunnels, FileRequests files)
{
    private AgentSecret _secret = secret;

    /// <summary>Closes every connection but one; set by who has them.</summary>
    public Action<Connection> CloseOthers { get; set; } = _ => { };

    /// <exception cref="ProtocolException">The dialler broke the contract: close the connection.</exception>
    public void Handle(Connection connection, Message message)
    {
        if (!connection.IsAuthenticated)
        {
            Greet(connection, message);
            return;
        }

        uint stream = message.Stream;
        try
        {
            Serve(connection, message);
        }
        catch (AgentErrorException e)
        {
            connection.Write(writer => new Error(e.Code, e.Message).Write(writer, stream));
        }
        catch (SyscallException e)
        {
            AgentErrorCode code = e.Error is Errno.EMFILE or Errno.ENOMEM ? AgentErrorCode.TooMany : AgentErrorCode.Internal;
            connection.Write(writer => new Error(code, e.Message).Write(writer, stream));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            connection.Write(writer => new Error(AgentErrorCode.Internal, e.Message).Write(writer, stream));
        }
    }

    private void Greet(Connection connection, Message message)
    {
        Hello hello = message.Type == MessageType.Hello
            ? Hello.Read(message.Payload)
            : throw new ProtocolException("a hello comes first");
        uint stream = message.Stream;
        if (!AgentSecret.Same(hello.HostProof.Span, _secret.HostProof))
        {
            connection.Write(writer => new Error(AgentErrorCode.Unauthenticated, "not this sandbox's secret").Write(writer, stream));
            connection.Close();
            return;
        }

        connection.Accept();
        loop.Continue();
        uint generation = Math.Min(hello.Generation, ProtocolLimits.Generation);
        connection.Write(writer => new HelloOk(_secret.AgentProof.ToArray(), generation, version).Write(writer, stream));
    }

    private void Serve(Connection connection, Message message)
    {
        uint stream = message.Stream;
        ReadOnlySpan<byte> payload = message.Payload;
        switch (message.Type)
        {
            case MessageType.Configure:
                settings.Apply(Configure.Read(payload));
                connection.Write(writer => Bare.Write(writer, MessageType.Ok, stream));
                break;
            case MessageType.HoldTimers:
                Bare.Read(payload);
                loop.Hold();
                connection.Write(writer => Bare.Write(writer, MessageType.Ok, stream));
                break;
            case MessageType.Rekey:
                Take(Rekey.Read(payload).Secret, connection);
                connection.Write(writer => Bare.Write(writer, MessageType.Ok, stream));
                break;
            case MessageType.StartProcess:
                ProcessEntry entry = processes.Start(StartProcess.Read(payload));
                connection.Write(writer => new Started(entry.Pid, entry.StartedAtMilliseconds).Write(writer, stream));
                break;
            case MessageType.Attach:
                Attach attach = Attach.Read(payload);
                connection.Follow(processes.Get(attach.Pid), stream, attach);
                break;
            case MessageType.Credit:
                GiveCredit(connection.Follower(stream), Credit.Read(payload));
                break;
            case MessageType.Detach:
                Bare.Read(payload);
                connection.Cancel(stream);
                connection.Channels.Find(stream)?.Close();
                Detach(connection, connection.Follower(stream));
                break;
            case MessageType.WriteInput:
                WriteInput input = WriteInput.Read(payload);
                processes.Get(input.Pid).Input.Write(input.Data, connection, stream);
                break;
            case MessageType.CloseInput:
                processes.Get(CloseInput.Read(payload).Pid).Input.Close(connection, stream);
                break;
            case MessageType.Resize:
                Resize resize = Resize.Read(payload);
                processes.Get(resize.Pid).Input.Resize(resize.Size);
                connection.Write(writer => Bare.Write(writer, MessageType.Ok, stream));
                break;
            case MessageType.Signal:
                processes.Signal(Signal.Read(payload));
                connection.Write(writer => Bare.Write(writer, MessageType.Ok, stream));
                break;
            case MessageType.List:
                ProcessPage page = processes.List(List.Read(payload).AfterPid);
                connection.Write(writer => page.Write(writer, stream));
                break;
            case MessageType.Forget:
                processes.Forget(Forget.Read(payload).Pid);
                connection.Write(writer => Bare.Write(writer, MessageType.Ok, stream));
                break;
            case MessageType.Data or MessageType.Window or MessageType.EndOfData:
                connection.Channels.Find(stream)?.Receive(message);
                break;
            case MessageType.OpenTunnel:
                tunnels.Open(connection, stream, OpenTunnel.Read(payload));
                break;
            case MessageType.Ping:
                Ping ping = Ping.Read(payload);
                connection.Write(writer => ping.Write(writer, MessageType.Pong, stream));
                break;
            default:
                if (files.TryServe(connection, message))
                {
                    break;
                }

                throw new AgentErrorException(AgentErrorCode.Unsupported, $"this agent does not know message {(byte)message.Type}");
        }
    }

    private void Take(AgentSecret secret, Connection connection)
    {
        CloseOthers(connection);
        _secret.Forget();
        _secret = secret;
    }

    private static void GiveCredit(Follower? follower, Credit credit) => follower?.Process.Consume(follower, credit);

    private static void Detach(Connection connection, Follower? follower)
    {
        if (follower is not null)
        {
            connection.Forget(follower);
            follower.Process.Detach(follower);
        }
    }
}
