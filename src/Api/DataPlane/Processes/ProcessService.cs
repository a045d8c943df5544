using Atoll.Api.DataPlane.Connect;
using Atoll.Api.DataPlane.Messages;
using Atoll.Domain.Processes;

namespace Atoll.Api.DataPlane.Processes;

/// <summary>
/// Starts processes in a sandbox, follows them, feeds and signals them: process.Process (contracts/e2b.md 2.3) and
/// sandboxagent.Process (contracts/scalebox.md 3.6).
/// </summary>
internal sealed class ProcessService(TimeProvider time) : IConnectService
{
    /// <summary>Bytes of one message of input.</summary>
    private const int InputLimit = 16 * 1024 * 1024;

    private const int Sigkill = 9;
    private const int Sigterm = 15;

    public void Map(ConnectRoutes routes)
    {
        MapAs(routes.Service("process.Process", DataPlaneDialect.E2b));
        MapAs(routes.Service("sandboxagent.Process", DataPlaneDialect.ScaleBox));
    }

    private void MapAs(ConnectServiceRoutes service) => service
        .Unary<ListRequest, ListResponse>("List", ListAsync)
        .ServerStream<StartRequest, ProcessStreamResponse>("Start", StartAsync, ProcessStreams.Sign, ownTime: true)
        .ServerStream<ConnectRequest, ProcessStreamResponse>("Connect", ConnectAsync, ProcessStreams.Sign)
        .Unary<UpdateRequest, UpdateResponse>("Update", UpdateAsync)
        .ClientStream<StreamInputRequest, StreamInputResponse>("StreamInput", StreamInputAsync, InputLimit)
        .Unary<SendInputRequest, SendInputResponse>("SendInput", SendInputAsync, InputLimit)
        .Unary<SendSignalRequest, SendSignalResponse>("SendSignal", SendSignalAsync)
        .Unary<CloseStdinRequest, CloseStdinResponse>("CloseStdin", CloseStdinAsync);

    /// <summary>Those that run.</summary>
    private static async Task<ListResponse> ListAsync(ConnectCall call, ListRequest request)
    {
        var response = new ListResponse();
        foreach (ProcessInfo process in (await call.Agent.ListAsync(call.Cancellation)).Where(process => process.Exit is null))
        {
            response.Processes.Add(ProcessRequests.Describe(process));
        }

        return response;
    }

    /// <summary>The client's time is the life time of the process: at its end it is killed, whether the client is still there or not.</summary>
    private async IAsyncEnumerable<ProcessStreamResponse> StartAsync(ConnectCall call, StartRequest request)
    {
        long asked = time.GetTimestamp();
        ProcessInfo process = await call.Agent.StartAsync(ProcessRequests.Spec(call, request), call.Cancellation);
        await foreach (ProcessStreamResponse message in Follow(call, process.Pid, fromStart: true, Verdict))
        {
            yield return message;
        }

        ConnectException? Verdict(ProcessExit exit) =>
            exit.Signal == Sigkill && call.Timeout is { } limit && time.GetElapsedTime(asked) >= limit - ProcessRequests.LifetimeSlack
                ? new ConnectException(ConnectCode.DeadlineExceeded, "the time that Connect-Timeout-Ms gave is up: the process was killed")
                : null;
    }

    private static async IAsyncEnumerable<ProcessStreamResponse> ConnectAsync(ConnectCall call, ConnectRequest request)
    {
        int pid = await request.Process.FindAsync(call);
        await foreach (ProcessStreamResponse message in Follow(call, pid, fromStart: false, _ => null))
        {
            yield return message;
        }
    }

    private static IAsyncEnumerable<ProcessStreamResponse> Follow(
        ConnectCall call, int pid, bool fromStart, Func<ProcessExit, ConnectException?> verdict) =>
        ProcessStreams.FollowAsync(call.Agent.AttachAsync(pid, 0, call.Cancellation), pid, fromStart, verdict);

    private static async Task<UpdateResponse> UpdateAsync(ConnectCall call, UpdateRequest request)
    {
        await request.Process.WithAsync(
            call,
            pid => request.Pty is { } terminal ? call.Agent.ResizeAsync(pid, ProcessRequests.Size(terminal), call.Cancellation) : Task.CompletedTask);
        return new UpdateResponse();
    }

    private static async Task<SendInputResponse> SendInputAsync(ConnectCall call, SendInputRequest request)
    {
        await request.Process.WithAsync(call, pid => call.Agent.WriteInputAsync(pid, ProcessRequests.Bytes(request.Input), call.Cancellation));
        return new SendInputResponse();
    }

    /// <summary>The first message says which process; each is written before the next is read.</summary>
    private static async Task<StreamInputResponse> StreamInputAsync(ConnectCall call, IAsyncEnumerable<StreamInputRequest> messages)
    {
        ProcessSelector? selector = null;
        await foreach (StreamInputRequest message in messages.WithCancellation(call.Cancellation))
        {
            switch (message.EventCase)
            {
                case StreamInputRequest.EventOneofCase.Start when selector is null:
                    selector = new ProcessSelector { Pid = (uint)await message.Start.Process.FindAsync(call) };
                    break;
                case StreamInputRequest.EventOneofCase.Data when selector is not null:
                    ReadOnlyMemory<byte> bytes = ProcessRequests.Bytes(message.Data.Input);
                    await selector.WithAsync(call, pid => call.Agent.WriteInputAsync(pid, bytes, call.Cancellation));
                    break;
                case StreamInputRequest.EventOneofCase.Keepalive when selector is not null:
                    break;
                default:
                    throw new ConnectException(ConnectCode.InvalidArgument, "send start once, first, then data and keepalive");
            }
        }

        return selector is not null
            ? new StreamInputResponse()
            : throw new ConnectException(ConnectCode.InvalidArgument, "the stream is empty: send start first");
    }

    /// <summary>SIGKILL reaches all that the process started; SIGTERM the process, which can tell what it started.</summary>
    private static async Task<SendSignalResponse> SendSignalAsync(ConnectCall call, SendSignalRequest request)
    {
        int signal = request.Signal switch
        {
            Signal.Sigkill => Sigkill,
            Signal.Sigterm => Sigterm,
            _ => throw new ConnectException(ConnectCode.Unimplemented, $"signal {request.Signal} is not served: send SIGNAL_SIGTERM or SIGNAL_SIGKILL"),
        };
        await request.Process.WithAsync(call, pid => call.Agent.SignalAsync(pid, signal, wholeGroup: signal == Sigkill, call.Cancellation));
        return new SendSignalResponse();
    }

    private static async Task<CloseStdinResponse> CloseStdinAsync(ConnectCall call, CloseStdinRequest request)
    {
        await request.Process.WithAsync(call, pid => call.Agent.CloseInputAsync(pid, call.Cancellation));
        return new CloseStdinResponse();
    }
}
