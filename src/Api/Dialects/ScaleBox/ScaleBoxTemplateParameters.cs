using Atoll.Api.OpenApi;
using Microsoft.OpenApi;

namespace Atoll.Api.Dialects.ScaleBox;

/// <summary>The query parameters of the routes of templates; see <see cref="ScaleBoxParameters"/>.</summary>
internal static class ScaleBoxTemplateParameters
{
    public static Parameter[] List { get; } =
    [
        .. ScaleBoxParameters.Pages,
        new("status", JsonSchemaType.String, "pending, building, pushing, available or failed."),
        new("visibility", JsonSchemaType.String, "private, account_shared or public."),
        new("name", JsonSchemaType.String, "Its whole name."),
        new("search", JsonSchemaType.String, "Text in name, description or id, whatever its case."),
        new("usable", JsonSchemaType.Boolean, "Only those that sandboxes can be made of now."),
    ];

    public static Parameter[] Document { get; } =
    [
        new("download", JsonSchemaType.String, "1, true or yes for the Markdown itself, as a file."),
    ];
}
