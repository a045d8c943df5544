using Atoll.Domain;
using Microsoft.AspNetCore.Http;

namespace Atoll.Api.DataPlane.Transfer;

/// <summary>The bytes of an upload as they arrive, uncompressed when the client compressed them.</summary>
internal static class UploadBody
{
    /// <summary>What gzip expands to is bounded by the sandbox's disk, as any upload is: nothing is collected here.</summary>
    public static Stream Open(HttpRequest request) => request.Headers.ContentEncoding.ToString().Trim().ToLowerInvariant() switch
    {
        "" or "identity" => request.Body,
        "gzip" or "x-gzip" => new GunzipStream(request.Body),
        _ => throw Fault.Invalid("Content-Encoding", "Content-Encoding must be gzip or identity").AsException(),
    };

    /// <summary>Does something that reads the body, and says in which way the body is broken when it is.</summary>
    public static async Task<T> ReadAsync<T>(HttpContext http, Func<Stream, Task<T>> read)
    {
        try
        {
            await using Stream body = Open(http.Request);
            return await read(body);
        }
        catch (Exception e) when (e is InvalidDataException or (IOException and not BadHttpRequestException) && !http.RequestAborted.IsCancellationRequested)
        {
            throw new FaultException(
                new Fault(FaultCode.InvalidArgument, "the request's body is broken off or malformed: nothing of its last file was kept"), e);
        }
    }
}
