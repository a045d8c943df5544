using System.Net;
using Atoll.Domain;
using Atoll.Domain.Network;
using Atoll.Domain.Sandboxes;
using Atoll.Domain.Tenancy;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;

namespace Atoll.Api.Edge.Proxy;

/// <summary>
/// Serves a request from a program in a sandbox that listens on a port: passes it on, and the answer back, as they come,
/// whatever they hold. A program may take as long as it likes to answer; a client that stands still is given up.
/// </summary>
internal sealed class SandboxProxy(ISandboxAgents agents, IAccessTokens tokens, ProxyClients clients, ApiOptions options)
{
    public async Task InvokeAsync(HttpContext http, SandboxId id, int port)
    {
        ProxyError error;
        try
        {
            Sandbox sandbox = await FindAsync(http, id, port);
            using ProxyClients.ProxyClient client = clients.Borrow(id, ServicePortOf(sandbox, port));
            try
            {
                await ForwardAsync(http, sandbox, port, client.Invoker);
                return;
            }
            catch (HttpRequestException e) when (e.InnerException is FaultException { Fault.Code: FaultCode.NothingListens } closed)
            {
                client.IsUseless = true;
                error = ProxyError.Of(closed.Fault, port);
            }
        }
        catch (Exception e) when (!http.RequestAborted.IsCancellationRequested && ErrorOf(e, port) is { } known)
        {
            error = known;
        }

        if (http.Response.HasStarted)
        {
            http.Abort();
            return;
        }

        await error.WriteAsync(http, "sbx-" + id.Value);
    }

    private async ValueTask<Sandbox> FindAsync(HttpContext http, SandboxId id, int port)
    {
        if (port is < 1 or > ushort.MaxValue)
        {
            throw Fault.Invalid("port", $"port {port} is not between 1 and {ushort.MaxValue}").AsException();
        }

        Sandbox sandbox = await agents.FindAsync(id, http.RequestAborted) ?? throw Fault.NotFound("sandbox", id.Value).AsException();
        if (!sandbox.PublicTraffic && !tokens.MatchesTraffic(id, http.Request.Headers["e2b-traffic-access-token"].ToString()))
        {
            throw new Fault(
                FaultCode.Forbidden, "the sandbox's traffic is not public: send its traffic token in the e2b-traffic-access-token header").AsException();
        }

        // Says why when it does not run.
        await agents.AgentAsync(id, http.RequestAborted);
        return sandbox;
    }

    private static int ServicePortOf(Sandbox sandbox, int port) =>
        sandbox.Ports.FirstOrDefault(mapping => mapping.Port == port && mapping.Protocol == PortProtocol.Tcp)?.ServicePort ?? port;

    private async Task ForwardAsync(HttpContext http, Sandbox sandbox, int port, HttpMessageInvoker invoker)
    {
        ProxyUpgrade? upgrade = ProxyUpgrade.Of(http);
        if (upgrade is null && HttpMethods.IsConnect(http.Request.Method))
        {
            throw new Fault(FaultCode.InvalidArgument, "CONNECT is not served: connect to the port by its name").AsException();
        }

        // A program may read a body as slowly as it likes. Whether the client stands still, the copy sees for itself.
        if (http.Features.Get<IHttpMinRequestBodyDataRateFeature>() is { } rate && http.Request.Protocol != "HTTP/2")
        {
            rate.MinDataRate = null;
        }

        using HttpRequestMessage request = ProxyRequest.Make(http, sandbox, port, upgrade?.Protocol, options.StalledReader);
        upgrade?.Prepare(request);
        using HttpResponseMessage response = await invoker.SendAsync(request, http.RequestAborted);
        if (response.StatusCode == HttpStatusCode.SwitchingProtocols && upgrade is not null)
        {
            await upgrade.SpliceAsync(http, response, options.StalledReader);
            return;
        }

        await AnswerAsync(http, response);
    }

    private static async Task AnswerAsync(HttpContext http, HttpResponseMessage response)
    {
        if (response.StatusCode == HttpStatusCode.SwitchingProtocols)
        {
            throw new HttpRequestException("the program changed the protocol unasked");
        }

        http.Response.StatusCode = (int)response.StatusCode;
        ProxyHeaders.CopyResponse(response, http.Response);
        await using Stream body = await response.Content.ReadAsStreamAsync(http.RequestAborted);
        await ProxyBytes.CopyAsync(
            body, Timeout.InfiniteTimeSpan, http.Response.Body, Timeout.InfiniteTimeSpan,
            () => http.Response.Body.FlushAsync(http.RequestAborted), http.RequestAborted);
        ProxyHeaders.CopyTrailers(response, http.Response);
    }

    /// <returns>Null for what is none of the proxy's: the boundary deals with it.</returns>
    private static ProxyError? ErrorOf(Exception e, int port) => e switch
    {
        FaultException { Fault: { Code: FaultCode.Forbidden } fault } => new ProxyError(StatusCodes.Status403Forbidden, fault.Message),
        FaultException fault => ProxyError.Of(fault.Fault, port),
        HttpRequestException { InnerException: FaultException fault } => ProxyError.Of(fault.Fault, port),
        HttpRequestException { InnerException: BadHttpRequestException bad } => new ProxyError(bad.StatusCode, "the request is not valid HTTP"),
        HttpRequestException { InnerException: TimeoutException } or TimeoutException =>
            new ProxyError(StatusCodes.Status408RequestTimeout, "the request's body came too slowly"),
        HttpRequestException or IOException => new ProxyError(
            StatusCodes.Status502BadGateway, "The program closed the connection or did not answer with valid HTTP", port),
        OperationCanceledException => new ProxyError(
            StatusCodes.Status504GatewayTimeout, "The program did not accept the connection in time", port),
        _ => null,
    };
}
