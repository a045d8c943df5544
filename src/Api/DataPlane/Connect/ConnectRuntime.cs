using System.Globalization;
using Atoll.Domain;
using Atoll.Domain.Processes;
using Atoll.Domain.Sandboxes;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Atoll.Api.DataPlane.Connect;

/// <summary>What every call needs: the way into its sandbox, its time, and the words for what went wrong.</summary>
internal sealed partial class ConnectRuntime(
    ISandboxAgents agents, MessageMemory memory, ApiOptions options, IHostApplicationLifetime server, TimeProvider time, ILogger<ConnectRuntime> log)
{
    private static readonly TimeSpan StandardSilence = TimeSpan.FromSeconds(90);
    private const int LongestSilence = 3600;

    public TimeProvider Time => time;

    public ApiOptions Options => options;

    /// <summary>Checks that a request is a call of this protocol and of the right kind. Null when it was refused and answered.</summary>
    public static async ValueTask<ConnectContent?> AcceptAsync(HttpContext http, bool stream)
    {
        if (!HttpMethods.IsPost(http.Request.Method))
        {
            await ConnectReply.WriteRefusalAsync(http, StatusCodes.Status405MethodNotAllowed, "Allow", "POST");
            return null;
        }

        if (ConnectContent.Parse(http.Request.ContentType) is { } content && content.IsStream == stream)
        {
            return content;
        }

        await ConnectReply.WriteRefusalAsync(
            http, StatusCodes.Status415UnsupportedMediaType, "Accept-Post", stream ? ConnectContent.StreamTypes : ConnectContent.UnaryTypes);
        return null;
    }

    /// <param name="ownTime">The method itself keeps the time that the client gave.</param>
    public ConnectDeadline Deadline(HttpContext http, bool ownTime) =>
        ConnectDeadline.Start(http, ownTime ? null : ConnectDeadline.Read(http.Request.Headers), server.ApplicationStopping, time);

    /// <summary>The call that a request is. Null when its sandbox does not run, which was answered.</summary>
    public async ValueTask<ConnectCall?> CallAsync(HttpContext http, DataPlaneDialect dialect, CancellationToken cancellation)
    {
        IHeaderDictionary headers = http.Request.Headers;
        if (headers["Connect-Protocol-Version"].ToString() is not ("" or "1"))
        {
            throw new ConnectException(ConnectCode.InvalidArgument, "Connect-Protocol-Version must be 1");
        }

        return await AgentAsync(http) is { } agent
            ? new ConnectCall
            {
                Sandbox = http.SandboxId(),
                Agent = agent,
                Dialect = dialect,
                User = ConnectUser.Of(headers, dialect),
                Timeout = ConnectDeadline.Read(headers),
                Cancellation = cancellation,
                TakeMemory = () => TakeMemory(http),
            }
            : null;
    }

    /// <summary>After how much silence a stream's client wants a sign of life: <c>Keepalive-Ping-Interval</c> in seconds.</summary>
    public static TimeSpan Silence(HttpContext http) =>
        int.TryParse(http.Request.Headers["Keepalive-Ping-Interval"], NumberStyles.None, CultureInfo.InvariantCulture, out int seconds) && seconds > 0
            ? TimeSpan.FromSeconds(Math.Min(seconds, LongestSilence))
            : StandardSilence;

    /// <summary>What the client is told of a failure: nothing of the host's insides, which the log has.</summary>
    public ConnectException ErrorOf(Exception e, ConnectDeadline? deadline, HttpContext http)
    {
        switch (e)
        {
            case ConnectException known:
                return known;
            case OperationCanceledException when deadline?.Reason() is { } reason:
                return reason;
            case FaultException { Fault: { Code: FaultCode.InvalidArgument, Field: "user" } unknownUser }:
                return new ConnectException(ConnectCode.Unauthenticated, unknownUser.Message, e);
            case FaultException { Fault: { Code: not FaultCode.Internal } fault }:
                return new ConnectException(ConnectCodes.Of(fault.Code), fault.Message, e);
            case BadHttpRequestException:
                return new ConnectException(ConnectCode.InvalidArgument, "the request is not valid HTTP, or its body came too slowly", e);
            default:
                LogFailure(e, http.TraceIdentifier);
                return new ConnectException(ConnectCode.Internal, $"internal error; the server's log has the details under request id {http.TraceIdentifier}", e);
        }
    }

    private MessageMemory.Place TakeMemory(HttpContext http)
    {
        MessageMemory.Place place = memory.Begin(http.SandboxId());
        http.Response.RegisterForDispose(place);
        return place;
    }

    private async ValueTask<IAgent?> AgentAsync(HttpContext http)
    {
        try
        {
            return await http.AgentAsync(agents);
        }
        catch (FaultException e) when (e.Fault.Code is FaultCode.AgentUnavailable)
        {
            await ConnectReply.WriteNotRunningAsync(http, http.SandboxId().Value, e.Fault.Message);
            return null;
        }
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "Unexpected failure of the call with request id {RequestId}")]
    private partial void LogFailure(Exception e, string requestId);
}
