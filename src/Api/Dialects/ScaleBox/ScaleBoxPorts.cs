using System.Globalization;
using Atoll.Api.Http;
using Atoll.Api.Tenancy;
using Atoll.Domain;
using Atoll.Domain.Network;
using Atoll.Domain.Sandboxes;
using Atoll.Domain.Tenancy;
using Microsoft.AspNetCore.Http;

namespace Atoll.Api.Dialects.ScaleBox;

/// <summary>Lists, adds and removes the ports of a sandbox that have names.</summary>
internal sealed class ScaleBoxPorts(ISandboxes sandboxes, ScaleBoxMapping mapping, ScaleBoxReply reply)
{
    /// <summary>The route parameter that holds a port's number.</summary>
    public const string PortParameter = "port";

    public async Task<IResult> ListAsync(HttpContext http, CancellationToken cancellation) => reply.Data(
        ScaleBoxMapping.Ports(await sandboxes.GetAsync(http.Caller(), ScaleBoxSandboxes.Id(http), cancellation)));

    public async Task<IResult> AddAsync(HttpContext http, CancellationToken cancellation)
    {
        Caller caller = http.Caller();
        SandboxId id = ScaleBoxSandboxes.Id(http);
        PortMapping wanted = ScaleBoxRequests.Port(await JsonRequest.ReadAsync(http.Request, optional: false, cancellation));
        Sandbox sandbox = await sandboxes.AddPortAsync(caller, id, wanted, cancellation);
        return reply.Data(
            WireAddedPort.Of(mapping.Sandbox(caller, sandbox, withToken: true), ScaleBoxMapping.Port(wanted)), "Port added successfully");
    }

    /// <summary>The contract has no data here; two clients read the sandbox out of it.</summary>
    public async Task<IResult> RemoveAsync(HttpContext http, CancellationToken cancellation)
    {
        Caller caller = http.Caller();
        string text = http.Request.RouteValues[PortParameter] as string ?? "";
        int port = int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int number)
            ? number
            : throw Fault.Invalid("port", $"'{text}' is no port: it must be 1 to 65535").AsException();
        Sandbox sandbox = await sandboxes.RemovePortAsync(caller, ScaleBoxSandboxes.Id(http), port, cancellation);
        return reply.Data(mapping.Sandbox(caller, sandbox, withToken: true), "Port removed successfully");
    }
}
