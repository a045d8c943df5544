using Atoll.Api.OpenApi;
using Microsoft.OpenApi;

namespace Atoll.Api.Dialects.ScaleBox;

/// <summary>The query and header parameters of each route, for the API's description.</summary>
internal static class ScaleBoxParameters
{
    internal static readonly Parameter[] Pages =
    [
        new("page", JsonSchemaType.Integer, "Page to return, from 1."),
        new("limit", JsonSchemaType.Integer, "Most to return, 1 to 500. Also page_size."),
        new("page_size", JsonSchemaType.Integer, "The same as limit."),
        new("offset", JsonSchemaType.Integer, "How many to skip, instead of page. Also skip."),
        new("skip", JsonSchemaType.Integer, "The same as offset."),
    ];

    public static Parameter[] List { get; } =
    [
        .. Pages,
        new("status", JsonSchemaType.String, "One of the nine statuses."),
        new("search", JsonSchemaType.String, "Text in name, description or id, whatever its case."),
        new("metadata", JsonSchemaType.String, "Pairs that must all be there: k=v&k2=v2, escaped as one value, or a JSON object."),
        new("sort_by", JsonSchemaType.String, "created_at (default), updated_at, name, status or timeout_at."),
        new("sort_order", JsonSchemaType.String, "asc or desc (default)."),
        new("owner_user_id", JsonSchemaType.String, "Whose: another id than your own, or all, needs the role admin or root."),
        new("project_id", JsonSchemaType.String, "Only those of this project."),
    ];

    public static Parameter[] Audit { get; } =
    [
        .. Pages,
        new("user_id", JsonSchemaType.String, "Only what this user did."),
        new("target", JsonSchemaType.String, "Only what was done to this id."),
        new("action", JsonSchemaType.String, "Method and route, such as POST /v1/sandboxes."),
        new("since", JsonSchemaType.String, "From this time, in ISO 8601. Also start."),
        new("until", JsonSchemaType.String, "Before this time. Also end."),
    ];

    public static Parameter[] Quota { get; } =
    [
        new("project_id", JsonSchemaType.String, "A project, instead of the user."),
        new("user_id", JsonSchemaType.String, "Another user: needs the role admin or root."),
    ];

    public static Parameter[] QuotaRequests { get; } =
    [
        .. Pages,
        new("user_id", JsonSchemaType.String, "all for everybody's: needs the role admin or root."),
    ];

    public static Parameter[] Projects { get; } =
    [
        .. Pages,
        new("search", JsonSchemaType.String, "Text in the name, whatever its case."),
    ];

    public static Parameter[] Snapshots { get; } =
    [
        .. Pages,
        new("sandbox_id", JsonSchemaType.String, "Only those that were taken of this sandbox."),
        new("name", JsonSchemaType.String, "Only the one of this name."),
    ];

    public static Parameter[] Keys { get; } =
    [
        .. Pages,
        new("status", JsonSchemaType.String, "active or inactive."),
        new("user_id", JsonSchemaType.String, "Whose: another user's needs the role admin or root."),
        new("sort", JsonSchemaType.String, "created_at (default), name or last_used_at. Also sort_by."),
        new("sort_order", JsonSchemaType.String, "asc (default) or desc."),
        new("search", JsonSchemaType.String, "Text in the name, whatever its case."),
    ];

    public static Parameter[] Metrics { get; } =
    [
        new("start", JsonSchemaType.String, "From when: a time in ISO 8601, or Unix seconds or milliseconds; 5 minutes before the end when absent."),
        new("end", JsonSchemaType.String, "Until when; now when absent."),
        new("step", JsonSchemaType.String, "From one sample to the next, 1 s to 24 h: seconds, or a duration such as 15m; 5 s when absent."),
    ];

    public static Parameter[] Stream { get; } =
    [
        new("token", JsonSchemaType.String, "For clients that can send no header: an API key or the sandbox's access token."),
        new("Last-Event-ID", JsonSchemaType.String, "Id of the last event seen; the stream goes on behind it.", ParameterLocation.Header),
    ];

    public static Parameter[] Download { get; } =
    [
        new("user", JsonSchemaType.String, "In whose home a path with ~ is; root when absent."),
        new("Range", JsonSchemaType.String, "One range of bytes.", ParameterLocation.Header),
    ];

    public static Parameter[] Upload { get; } =
    [
        new("path", JsonSchemaType.String, "Where the file goes; instead of the field."),
        new("user", JsonSchemaType.String, "Whose a new file is, root when absent; instead of the field."),
        new("X-Upload-Session", JsonSchemaType.String, "A name under which its progress can be followed.", ParameterLocation.Header),
        new("X-File-Size", JsonSchemaType.Integer, "Bytes of the file, for its progress.", ParameterLocation.Header),
    ];

    public static Parameter[] Progress { get; } =
    [
        new("session", JsonSchemaType.String, "The name that the upload has in X-Upload-Session."),
        new("token", JsonSchemaType.String, "For clients that can send no header: an API key or the sandbox's access token."),
    ];
}
