using Atoll.Api.DataPlane;
using Atoll.Api.Tenancy;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Atoll.Api.Edge;

/// <summary>
/// <c>GET /ca.pem</c>, on the control plane and at each sandbox's own address: the certificate of the installation's
/// authority. Public: it holds no secret, and who has no trust yet has no token either.
/// </summary>
internal sealed class AuthorityRoute(ApiOptions options) : IDataPlaneRoutes
{
    public void Map(IEndpointRouteBuilder routes) => routes
        .MapMethods("/ca.pem", [HttpMethods.Get, HttpMethods.Head], () => Results.Text(options.AuthorityPem, "application/x-pem-file"))
        .WithMetadata(new PublicRoute(), new OpenDataPlaneRoute())
        .ExcludeFromDescription();
}
