using Atoll.Domain;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Atoll.Api.Http;

/// <summary>
/// How a dialect writes errors. A route says which it wants as metadata; for all else those registered are asked in
/// their order, and the last takes whatever nobody before it took.
/// </summary>
internal interface IFaultRenderer
{
    /// <summary>Whether a request that no route of a dialect answers is meant for this one, by its path or its target.</summary>
    bool Serves(HttpContext http);

    Task WriteAsync(HttpContext http, Fault fault);

    /// <summary>Adds a body to an error status that the framework set without one (404, 405).</summary>
    Task WriteBareAsync(HttpContext http, int status);
}

/// <summary>
/// The one place where exceptions become replies: a <see cref="FaultException"/> as its dialect renders it, anything
/// else as an internal error without detail, which is logged under the request's id.
/// </summary>
internal sealed partial class FaultBoundary(
    RequestDelegate next, IEnumerable<IFaultRenderer> renderers, ILogger<FaultBoundary> log)
{
    private const int ClientClosedRequest = 499;
    private readonly IFaultRenderer[] _renderers = [.. renderers];

    public async Task InvokeAsync(HttpContext http)
    {
        try
        {
            await next(http);
        }
        catch (Exception e) when (http.RequestAborted.IsCancellationRequested)
        {
            if (e is not (OperationCanceledException or IOException or FaultException))
            {
                LogUnexpected(e, http.TraceIdentifier);
            }

            MarkAborted(http);
            return;
        }
        catch (Exception e)
        {
            await RenderAsync(http, e);
            return;
        }

        await CompleteBareAsync(http);
    }

    private static void MarkAborted(HttpContext http)
    {
        if (!http.Response.HasStarted)
        {
            http.Response.StatusCode = ClientClosedRequest;
        }
    }

    private async Task RenderAsync(HttpContext http, Exception e)
    {
        Fault fault = ToFault(e);
        if (fault.Code is FaultCode.Internal)
        {
            LogUnexpected(e, http.TraceIdentifier);
        }

        if (http.Response.HasStarted)
        {
            http.Abort();
            return;
        }

        IFaultRenderer renderer = RendererOf(http);
        http.Response.Clear();
        await renderer.WriteAsync(http, fault);
    }

    private IFaultRenderer RendererOf(HttpContext http) =>
        http.GetEndpoint()?.Metadata.GetMetadata<IFaultRenderer>()
        ?? Array.Find(_renderers, renderer => renderer.Serves(http))
        ?? _renderers[^1];

    private static Fault ToFault(Exception e) => e switch
    {
        FaultException expected => expected.Fault,
        BadHttpRequestException { StatusCode: StatusCodes.Status413PayloadTooLarge } => JsonRequest.TooLarge().Fault,
        BadHttpRequestException { StatusCode: StatusCodes.Status408RequestTimeout } =>
            new Fault(FaultCode.Timeout, "the request's body came too slowly"),
        BadHttpRequestException => new Fault(FaultCode.InvalidArgument, "the request is not valid HTTP"),
        _ => new Fault(FaultCode.Internal, e.Message),
    };

    private async Task CompleteBareAsync(HttpContext http)
    {
        HttpResponse response = http.Response;
        if (response.HasStarted || response.ContentLength is not null || response.StatusCode is not (404 or 405))
        {
            return;
        }

        if (response.StatusCode is 405 && HttpMethods.IsOptions(http.Request.Method))
        {
            response.StatusCode = StatusCodes.Status204NoContent;
            return;
        }

        await RendererOf(http).WriteBareAsync(http, response.StatusCode);
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "Unexpected failure of request {RequestId}")]
    private partial void LogUnexpected(Exception e, string requestId);
}
