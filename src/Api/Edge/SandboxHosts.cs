using System.Net;
using Atoll.Domain.Sandboxes;

namespace Atoll.Api.Edge;

/// <summary>Says under which host, and port, a sandbox is reached.</summary>
internal sealed class SandboxHosts(ApiOptions options)
{
    /// <summary>
    /// A name below the domain; else its own local port; else the server's own address, where a request must name the
    /// sandbox by header or token.
    /// </summary>
    public string Of(Sandbox sandbox)
    {
        if (options.Domain is not null)
        {
            return $"sbx-{sandbox.Id.Value}.{options.PublicHost}";
        }

        return sandbox.LocalPort is { } port
            ? new IPEndPoint(IPEndPoint.Parse(options.PublicHost).Address, port).ToString()
            : options.PublicHost;
    }
}
