using Atoll.Domain.Sandboxes;
using Microsoft.AspNetCore.Http;

namespace Atoll.Api.Edge;

/// <summary>Finds the sandbox of a signed URL that came to the server's own address, where nothing else names it.</summary>
internal interface ISignedRequests
{
    /// <summary>The sandbox whose token made the signature; null when the request carries none, or none that fits.</summary>
    SandboxId? OwnerOf(HttpRequest request);
}
