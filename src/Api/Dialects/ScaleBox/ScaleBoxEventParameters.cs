using Atoll.Api.OpenApi;
using Microsoft.OpenApi;

namespace Atoll.Api.Dialects.ScaleBox;

/// <summary>The query and header parameters of the routes of events and of what follows from them, for the API's description.</summary>
internal static class ScaleBoxEventParameters
{
    private static readonly Parameter Types = new("type", JsonSchemaType.String, "One type or several with commas; sandbox.* for all of sandboxes.");
    private static readonly Parameter Sandbox = new("sandbox_id", JsonSchemaType.String, "Only of this sandbox.");

    public static Parameter[] OfSandbox { get; } =
    [
        new("since", JsonSchemaType.Integer, "Only events with a higher sequence; oldest first unless order says otherwise."),
        new("before", JsonSchemaType.Integer, "Only events with a lower sequence."),
        Types,
        new("start", JsonSchemaType.String, "Only what happened from then: a time in ISO 8601, or Unix seconds or milliseconds."),
        new("end", JsonSchemaType.String, "Only what happened before then."),
        new("limit", JsonSchemaType.Integer, "Most to return, 1 to 500; 100 when absent."),
        new("order", JsonSchemaType.String, "asc or desc; desc when neither it nor since is given."),
    ];

    public static Parameter[] List { get; } = [.. OfSandbox, Sandbox];

    public static Parameter[] Pages { get; } =
    [
        new("page", JsonSchemaType.Integer, "Page to return, from 1."),
        new("limit", JsonSchemaType.Integer, "Most to return; 50 when absent. Also page_size."),
        new("offset", JsonSchemaType.Integer, "How many to skip, instead of page. Also skip."),
    ];

    public static Parameter[] Notifications { get; } =
    [
        new("page", JsonSchemaType.Integer, "Page to return, from 1."),
        new("limit", JsonSchemaType.Integer, "Most to return, 1 to 100; 50 when absent. Also page_size."),
        new("offset", JsonSchemaType.Integer, "How many to skip, instead of page. Also skip."),
        new("read", JsonSchemaType.Boolean, "true for those that are read, false for those that are not."),
        new("status", JsonSchemaType.String, "read, unread or all: what older clients send instead of read."),
        new("type", JsonSchemaType.String, "A type such as sandbox_failed, or a category such as sandbox."),
    ];

    public static Parameter[] Stream { get; } =
    [
        new("since", JsonSchemaType.Integer, "The sequence to go on behind; when absent only what happens from now on, and 0 for all that is kept."),
        new("Last-Event-ID", JsonSchemaType.String, "The id of the last event seen; goes before since.", ParameterLocation.Header),
        Types,
        Sandbox,
    ];
}
