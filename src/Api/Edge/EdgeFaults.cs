using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using Atoll.Api.Http;
using Atoll.Domain;
using Atoll.Domain.Sandboxes;
using Microsoft.AspNetCore.Http;

namespace Atoll.Api.Edge;

/// <summary>A feature of requests whose failures the edge itself tells, since no dialect is spoken there.</summary>
/// <param name="Id">The sandbox; null when none could be made out.</param>
internal sealed record EdgeFailure(SandboxId? Id, int? Port);

/// <summary>
/// Tells why a request did not get to a sandbox's program, as contracts/e2b.md 3.3 has it: JSON, or a page for browsers.
/// A sandbox that is not there, does not run, or on whose port nothing listens is 502.
/// </summary>
internal sealed class EdgeFaults : IFaultRenderer
{
    public static int Of(FaultCode code) => code switch
    {
        FaultCode.InvalidArgument => 400,
        FaultCode.Unauthenticated => 401,
        FaultCode.Forbidden => 403,
        FaultCode.NotFound or FaultCode.WrongState or FaultCode.AgentUnavailable or FaultCode.NothingListens => 502,
        FaultCode.AlreadyExists or FaultCode.Busy or FaultCode.LocalityUnsatisfied or FaultCode.RequestInProgress => 409,
        FaultCode.KeyReused => 422,
        FaultCode.TooLarge => 413,
        FaultCode.NoCapacity => 503,
        FaultCode.QuotaExceeded or FaultCode.RateLimited => 429,
        FaultCode.InvalidRegion or FaultCode.NotADirectory or FaultCode.IsADirectory => 400,
        FaultCode.NoSpace => 507,
        FaultCode.NotCapturable or FaultCode.IncompatibleImage => 500,
        FaultCode.Timeout => 504,
        FaultCode.NotImplemented => 501,
        FaultCode.Internal => 500,
        _ => throw new ArgumentOutOfRangeException(nameof(code), code, "has no status at the edge"),
    };

    public bool Serves(HttpContext http) => http.Features.Get<EdgeFailure>() is not null;

    public Task WriteAsync(HttpContext http, Fault fault) => WriteAsync(
        http,
        Of(fault.Code),
        fault.Code is FaultCode.Internal
            ? $"internal error; the server's log has the details under request id {http.TraceIdentifier}"
            : fault.Message);

    public Task WriteBareAsync(HttpContext http, int status) => WriteAsync(http, status, "there is nothing here");

    private static Task WriteAsync(HttpContext http, int status, string message)
    {
        EdgeFailure failure = http.Features.Get<EdgeFailure>()!;
        return (http.Request.Headers.Accept.ToString().Contains("text/html", StringComparison.OrdinalIgnoreCase)
            ? Results.Text(Page(status, message), "text/html; charset=utf-8", statusCode: status)
            : Results.Json(
                new EdgeError(failure.Id?.Value, failure.Port, message, status, message, http.TraceIdentifier),
                EdgeJson.Default.EdgeError, statusCode: status)).ExecuteAsync(http);
    }

    private static string Page(int status, string message) =>
        $"""
        <!doctype html>
        <html lang="en"><meta charset="utf-8"><title>{status}</title>
        <body style="font-family: sans-serif; max-width: 40em; margin: 4em auto"><h1>{status}</h1><p>{HtmlEncoder.Default.Encode(message)}</p></body>
        </html>

        """;
}

/// <summary>What clients of either dialect look for.</summary>
/// <param name="Code">The status once more.</param>
internal sealed record EdgeError(
    [property: JsonPropertyName("sandboxId")] string? SandboxId,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] int? Port,
    string Message, int Code, string Error, string RequestId, bool Success = false);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, GenerationMode = JsonSourceGenerationMode.Metadata)]
[JsonSerializable(typeof(EdgeError))]
internal sealed partial class EdgeJson : JsonSerializerContext;
