using Atoll.Api.Edge;
using Atoll.Api.Http;
using Atoll.Domain;
using Microsoft.AspNetCore.Http;

namespace Atoll.Api.DataPlane.Connect;

/// <summary>Says what fails outside of a call, such as a missing access token, in the protocol's words.</summary>
internal sealed class ConnectFaults : IFaultRenderer
{
    /// <summary>A call to a sandbox that no service answers.</summary>
    public bool Serves(HttpContext http) =>
        http.Features.Get<SandboxTarget>() is not null
        && (http.Request.Headers.ContainsKey("Connect-Protocol-Version")
            || ConnectContent.Parse(http.Request.ContentType) is { } content && (content.IsStream || content.Codec == ConnectCodec.Proto));

    public Task WriteAsync(HttpContext http, Fault fault) => ConnectReply.WriteErrorAsync(
        http,
        ConnectCodes.Of(fault.Code),
        fault.Code is FaultCode.Internal
            ? $"internal error; the server's log has the details under request id {http.TraceIdentifier}"
            : fault.Message);

    public Task WriteBareAsync(HttpContext http, int status) => status is StatusCodes.Status404NotFound
        ? WriteUnimplementedAsync(http)
        : ConnectReply.WriteErrorAsync(http, ConnectCode.Unknown, $"{http.Request.Method} is not allowed here", status);

    /// <summary>No such method: 404, as from a path that leads nowhere, with the code that says more.</summary>
    public static Task WriteUnimplementedAsync(HttpContext http) => ConnectReply.WriteErrorAsync(
        http, ConnectCode.Unimplemented, $"no method {http.Request.Path} in this version", StatusCodes.Status404NotFound);
}
