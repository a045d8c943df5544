using System.Runtime.CompilerServices;
using Google.Protobuf;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;

namespace Atoll.Api.DataPlane.Connect;

/// <summary>Serves a method whose messages come in frames: the reply is 200, and its last frame tells how it went.</summary>
/// <param name="ownTime">The method itself keeps the time that the client gave.</param>
internal abstract class StreamEndpoint(ConnectRuntime runtime, DataPlaneDialect dialect, int limit, bool ownTime)
{
    protected ConnectRuntime Runtime { get; } = runtime;

    public async Task InvokeAsync(HttpContext http)
    {
        if (await ConnectRuntime.AcceptAsync(http, stream: true) is not { } content)
        {
            return;
        }

        FrameWriter replies = FrameWriter.Open(http, content, Runtime.Options.StalledReader, Runtime.Time);
        ConnectDeadline? deadline = null;
        try
        {
            deadline = Runtime.Deadline(http, ownTime);
            if (await Runtime.CallAsync(http, dialect, deadline.Token) is not { } call)
            {
                return;
            }

            await ServeAsync(http, call, content.Codec, new MessageReader(http.Request, limit, call.TakeMemory()), replies);
            await replies.EndAsync(null);
        }
        catch (Exception e) when (!http.RequestAborted.IsCancellationRequested)
        {
            await replies.EndAsync(Runtime.ErrorOf(e, deadline, http));
        }
        finally
        {
            deadline?.Dispose();
        }
    }

    protected abstract Task ServeAsync(HttpContext http, ConnectCall call, ConnectCodec codec, MessageReader requests, FrameWriter replies);
}

/// <summary>One message in, many out.</summary>
/// <param name="sign">Makes a sign of life for when the stream was silent; null when the method has none.</param>
internal sealed class ServerStreamEndpoint<TRequest, TResponse>(
    ConnectRuntime runtime, DataPlaneDialect dialect, int limit, bool ownTime, Func<TResponse>? sign,
    Func<ConnectCall, TRequest, IAsyncEnumerable<TResponse>> handler)
    : StreamEndpoint(runtime, dialect, limit, ownTime)
    where TRequest : IMessage<TRequest>, new()
    where TResponse : class, IMessage<TResponse>
{
    protected override async Task ServeAsync(HttpContext http, ConnectCall call, ConnectCodec codec, MessageReader requests, FrameWriter replies)
    {
        TRequest request = codec.Read<TRequest>(await requests.ReadOnlyFrameAsync(call.Cancellation));
        IAsyncEnumerable<TResponse> messages = sign is null
            ? handler(call, request)
            : KeepAlive.Between(
                ended => handler(call with { Cancellation = ended }, request), sign, ConnectRuntime.Silence(http), Runtime.Time, call.Cancellation);
        await foreach (TResponse message in messages.WithCancellation(call.Cancellation))
        {
            await replies.WriteAsync(message);
        }
    }
}

/// <summary>Many messages in, one out.</summary>
internal sealed class ClientStreamEndpoint<TRequest, TResponse>(
    ConnectRuntime runtime, DataPlaneDialect dialect, int limit, Func<ConnectCall, IAsyncEnumerable<TRequest>, Task<TResponse>> handler)
    : StreamEndpoint(runtime, dialect, limit, ownTime: false)
    where TRequest : IMessage<TRequest>, new()
    where TResponse : class, IMessage<TResponse>
{
    /// <summary>A client that has nothing to send says so in between; one that says nothing for this long is gone.</summary>
    private static readonly TimeSpan LongestSilence = TimeSpan.FromMinutes(10);

    protected override async Task ServeAsync(HttpContext http, ConnectCall call, ConnectCodec codec, MessageReader requests, FrameWriter replies)
    {
        if (http.Features.Get<IHttpMinRequestBodyDataRateFeature>() is { } rate)
        {
            rate.MinDataRate = null;
        }

        await replies.WriteAsync(await handler(call, ReadAsync(requests, codec, call.Cancellation)));
    }

    private async IAsyncEnumerable<TRequest> ReadAsync(
        MessageReader requests, ConnectCodec codec, [EnumeratorCancellation] CancellationToken cancellation)
    {
        while (await NextAsync(requests, cancellation) is { } message)
        {
            yield return codec.Read<TRequest>(message);
        }
    }

    private async ValueTask<byte[]?> NextAsync(MessageReader requests, CancellationToken cancellation)
    {
        using var silence = new CancellationTokenSource(LongestSilence, Runtime.Time);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(cancellation, silence.Token);
        try
        {
            return await requests.ReadFrameAsync(both.Token);
        }
        catch (OperationCanceledException) when (silence.IsCancellationRequested && !cancellation.IsCancellationRequested)
        {
            throw new ConnectException(ConnectCode.DeadlineExceeded, $"no message came for {LongestSilence.TotalMinutes:0} minutes: send keepalives");
        }
    }
}
