using System.Net;
using Atoll.Domain;
using Atoll.Domain.Sandboxes;
using Microsoft.AspNetCore.Http;

namespace Atoll.Api.Edge.Proxy;

/// <summary>
/// Serves a request from a program in a sandbox that listens on a port: passes it on, and the answer back, as they come,
/// whatever they hold. A program may take as long as it likes to answer; a client that stands still is given up.
/// </summary>
internal sealed class SandboxProxy(ISandboxAgents agents, ProgramAccess access, ProxyClients clients, ApiOptions options)
{
    /// <exception cref="FaultException">The sandbox or the program cannot answer; the edge's own errors say so.</exception>
    public async Task InvokeAsync(HttpContext http, SandboxId id, int port)
    {
        // Which of the two is at fault: the port only once the sandbox is known to run.
        http.Features.Set(new EdgeFailure(id, null));
        await access.FindAsync(id, TrafficToken(http), http.RequestAborted);
        using IDisposable use = agents.Use(id);
        Sandbox sandbox = await AwakeAsync(http, id);
        http.Features.Set(new EdgeFailure(id, port));

        using ProxyClients.ProxyClient client = clients.Borrow(sandbox, ProgramAccess.ServicePortOf(sandbox, port));
        try
        {
            await ForwardAsync(http, sandbox, port, client.Invoker);
        }
        catch (Exception e) when (!http.RequestAborted.IsCancellationRequested && FaultOf(e, port) is { } fault)
        {
            client.IsUseless = fault.Code is FaultCode.NothingListens;
            throw new FaultException(fault, e);
        }
    }

    /// <summary>The sandbox once it runs, as it is then: it may have been brought back for this request.</summary>
    /// <exception cref="FaultException">Why it does not run.</exception>
    private async ValueTask<Sandbox> AwakeAsync(HttpContext http, SandboxId id)
    {
        await agents.AgentAsync(id, http.RequestAborted);
        return await access.FindAsync(id, TrafficToken(http), http.RequestAborted);
    }

    private static string TrafficToken(HttpContext http) => http.Request.Headers["e2b-traffic-access-token"].ToString();

    private async Task ForwardAsync(HttpContext http, Sandbox sandbox, int port, HttpMessageInvoker invoker)
    {
        ProxyUpgrade? upgrade = ProxyUpgrade.Of(http);
        if (upgrade is null && HttpMethods.IsConnect(http.Request.Method))
        {
            throw new Fault(FaultCode.InvalidArgument, "CONNECT is not served: connect to the port by its name").AsException();
        }

        using HttpRequestMessage request = ProxyRequest.Make(http, sandbox, port, upgrade?.Protocol, options.StalledReader);
        upgrade?.Prepare(request);
        using HttpResponseMessage response = await invoker.SendAsync(request, http.RequestAborted);
        if (response.StatusCode != HttpStatusCode.SwitchingProtocols)
        {
            await AnswerAsync(http, response);
        }
        else if (upgrade is not null)
        {
            await upgrade.SpliceAsync(http, response, options.StalledReader);
        }
        else
        {
            throw new HttpRequestException("the program changed the protocol unasked");
        }
    }

    private static async Task AnswerAsync(HttpContext http, HttpResponseMessage response)
    {
        http.Response.StatusCode = (int)response.StatusCode;
        ProxyHeaders.CopyResponse(response, http.Response);
        await using Stream body = await response.Content.ReadAsStreamAsync(http.RequestAborted);
        await ProxyBytes.CopyAsync(
            body, Timeout.InfiniteTimeSpan, http.Response.Body, Timeout.InfiniteTimeSpan,
            () => http.Response.Body.FlushAsync(http.RequestAborted), http.RequestAborted);
        ProxyHeaders.CopyTrailers(response, http.Response);
    }

    /// <returns>Null for what is none of the proxy's: the boundary deals with it.</returns>
    private static Fault? FaultOf(Exception e, int port) => e switch
    {
        HttpRequestException { InnerException: FaultException inner } => inner.Fault,
        HttpRequestException { InnerException: BadHttpRequestException bad } => new Fault(FaultCode.InvalidArgument, bad.Message),
        HttpRequestException { InnerException: TimeoutException } or TimeoutException =>
            new Fault(FaultCode.Timeout, "the request's body came too slowly"),
        HttpRequestException or IOException and not BadHttpRequestException => new Fault(
            FaultCode.NothingListens, $"the program on port {port} closed the connection or did not answer with valid HTTP"),
        OperationCanceledException => new Fault(FaultCode.Timeout, $"the program on port {port} did not accept the connection in time"),
        _ => null,
    };
}
