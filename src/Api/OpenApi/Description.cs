using Atoll.Api.Dialects.ScaleBox;
using Atoll.Api.Tenancy;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.OpenApi;

namespace Atoll.Api.OpenApi;

/// <summary>A query or header parameter that a handler reads by itself.</summary>
internal sealed record Parameter(
    string Name, JsonSchemaType Type, string Description, ParameterLocation In = ParameterLocation.Query);

/// <summary>What a route takes and says, for the OpenAPI document. Nothing here changes how a request is handled.</summary>
internal static class RouteDescriptions
{
    /// <summary>The shape of the JSON body. Handlers read it whatever the content type is, hence the second type.</summary>
    public static RouteHandlerBuilder Takes<T>(this RouteHandlerBuilder route, bool optional = false)
        where T : notnull => route.Accepts<T>(optional, "application/json", "*/*");

    public static RouteHandlerBuilder With(this RouteHandlerBuilder route, Parameter[] parameters) => route.WithMetadata([.. parameters]);

    public static RouteHandlerBuilder Says<T>(
        this RouteHandlerBuilder route, int status, string description, string contentType = "application/json") =>
        route.WithSummary(description).Produces<T>(status, contentType);

    public static RouteHandlerBuilder Fails(this RouteHandlerBuilder route, params int[] statuses)
    {
        foreach (int status in statuses)
        {
            route.Produces<WireError>(status);
        }

        return route;
    }
}

/// <summary>Builds the OpenAPI document out of the routes and what <see cref="RouteDescriptions"/> says of them.</summary>
internal static class ApiDescription
{
    private const string Scheme = "ApiKey";

    public static void AddApiDescription(this IServiceCollection services) => services.AddOpenApi(options =>
    {
        options.CreateSchemaReferenceId = type => OpenApiOptions.CreateDefaultSchemaReferenceId(type)?.Replace("Wire", "");
        options.AddOperationTransformer(DescribeOperation);
        options.AddDocumentTransformer(DescribeDocument);
    });

    private static Task DescribeDocument(OpenApiDocument document, OpenApiDocumentTransformerContext context, CancellationToken cancellation)
    {
        document.Info = new OpenApiInfo
        {
            Title = "Atoll: the ScaleBox API",
            Version = "1",
            Description = "The implemented surface. Errors of every route have the shape of Error.",
        };
        document.Servers = [];
        document.Components ??= new OpenApiComponents();
        document.Components.SecuritySchemes = new Dictionary<string, IOpenApiSecurityScheme>
        {
            [Scheme] = new OpenApiSecurityScheme
            {
                Type = SecuritySchemeType.ApiKey,
                In = ParameterLocation.Header,
                Name = "X-API-Key",
                Description = "Also accepted: Authorization: Api-Key KEY, and Authorization: Bearer KEY.",
            },
        };
        document.Tags = null;
        foreach (IOpenApiPathItem path in document.Paths.Values)
        {
            path.Operations?.Remove(HttpMethod.Head);
            foreach (OpenApiOperation operation in path.Operations?.Values ?? Enumerable.Empty<OpenApiOperation>())
            {
                operation.Tags = null;
                foreach (OpenApiSecurityRequirement requirement in operation.Security ?? [])
                {
                    requirement[new OpenApiSecuritySchemeReference(Scheme, document)] = [];
                }
            }
        }

        return Task.CompletedTask;
    }

    private static Task DescribeOperation(OpenApiOperation operation, OpenApiOperationTransformerContext context, CancellationToken cancellation)
    {
        IList<object> metadata = context.Description.ActionDescriptor.EndpointMetadata;
        operation.RequestBody?.Content?.Remove("*/*");
        if (!metadata.OfType<PublicRoute>().Any())
        {
            operation.Security = [[]];
        }

        IEnumerable<string> inRoute = (context.Description.RelativePath ?? "").Split('/')
            .Where(part => part.StartsWith('{')).Select(part => part.Trim('{', '}'));
        operation.Parameters =
        [
            .. inRoute.Select(name => new OpenApiParameter
            {
                Name = name,
                In = ParameterLocation.Path,
                Required = true,
                Schema = new OpenApiSchema { Type = JsonSchemaType.String },
            }),
            .. metadata.OfType<Parameter>().Select(parameter => new OpenApiParameter
            {
                Name = parameter.Name,
                In = parameter.In,
                Description = parameter.Description,
                Schema = new OpenApiSchema { Type = parameter.Type },
            }),
        ];
        return Task.CompletedTask;
    }
}
