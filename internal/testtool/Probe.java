import jakarta.servlet.ServletContext;
import jakarta.servlet.SessionCookieConfig;
import jakarta.servlet.annotation.WebServlet;
import jakarta.servlet.http.Cookie;
import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import jakarta.servlet.http.HttpSession;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.lang.reflect.Array;
import java.util.Collection;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.TreeMap;
import javax.management.MBeanAttributeInfo;
import javax.management.MBeanServer;
import javax.management.ObjectName;

/**
 * Says as JSON what a web application sees of a request and of its session.
 *
 * Parameters: make=no asks for no new session, set=VALUE puts a value into it,
 * interval=SECONDS sets how long it may lie unused, rename gives it another id,
 * invalidate ends it; manager ends the TLS session by ssl_session_mgr;
 * cookie=NAME sends a cookie of the application's own; mbeans=PATTERN adds the
 * attributes of MBeans.
 */
@WebServlet("/*")
public class Probe extends HttpServlet {
    // Asked for in this order: where one is missing, Tomcat looks at the
    // connection, and may change what the others are then.
    private static final String[] ATTRIBUTES = {
        "jakarta.servlet.request.cipher_suite",
        "jakarta.servlet.request.key_size",
        "jakarta.servlet.request.ssl_session_id",
        "jakarta.servlet.request.X509Certificate",
        "jakarta.servlet.request.secure_protocol",
        "org.apache.tomcat.util.net.secure_protocol_version",
        "org.apache.tomcat.util.net.secure_requested_protocol_versions",
        "org.apache.tomcat.util.net.secure_requested_ciphers",
        "jakarta.servlet.request.ssl_session_mgr",
    };

    @Override
    protected void doGet(HttpServletRequest request, HttpServletResponse response) throws IOException {
        Map<String, Object> all = new LinkedHashMap<>();
        HttpSession session = request.getSession(!"no".equals(request.getParameter("make")));
        if (session != null) {
            if (request.getParameter("set") != null) {
                session.setAttribute("value", request.getParameter("set"));
            }
            if (request.getParameter("interval") != null) {
                session.setMaxInactiveInterval(Integer.parseInt(request.getParameter("interval")));
            }
            if (request.getParameter("rename") != null) {
                request.changeSessionId();
            }
            all.put("id", session.getId());
            all.put("isNew", session.isNew());
            all.put("maxInactiveInterval", session.getMaxInactiveInterval());
            all.put("value", session.getAttribute("value"));
        }
        all.put("requestedId", request.getRequestedSessionId());
        all.put("requestedIdValid", request.isRequestedSessionIdValid());
        all.put("fromCookie", request.isRequestedSessionIdFromCookie());
        all.put("fromURL", request.isRequestedSessionIdFromURL());
        all.put("encodedURL", response.encodeURL("x"));

        ServletContext context = getServletContext();
        all.put("context", context.getContextPath());
        all.put("tracking", names(context.getEffectiveSessionTrackingModes()));
        all.put("timeout", context.getSessionTimeout());
        SessionCookieConfig config = context.getSessionCookieConfig();
        Map<String, Object> cookie = new LinkedHashMap<>();
        cookie.put("name", config.getName());
        cookie.put("path", config.getPath());
        cookie.put("domain", config.getDomain());
        cookie.put("maxAge", config.getMaxAge());
        cookie.put("httpOnly", config.isHttpOnly());
        cookie.put("secure", config.isSecure());
        all.put("cookie", cookie);

        all.put("secure", request.isSecure());
        all.put("scheme", request.getScheme());
        all.put("serverName", request.getServerName());
        all.put("serverPort", request.getServerPort());
        all.put("remoteAddr", request.getRemoteAddr());
        all.put("remoteHost", request.getRemoteHost());
        all.put("localName", request.getLocalName());
        all.put("localPort", request.getLocalPort());
        all.put("url", request.getRequestURL().toString());
        all.put("authType", request.getAuthType());
        Map<String, Object> headers = new LinkedHashMap<>();
        for (String name : Collections.list(request.getHeaderNames())) {
            headers.put(name, String.join(" | ", Collections.list(request.getHeaders(name))));
        }
        all.put("headers", headers);

        Map<String, Object> attributes = new TreeMap<>();
        for (String name : ATTRIBUTES) {
            if (request.getAttribute(name) != null) {
                attributes.put(name, text(request.getAttribute(name)));
            }
        }
        for (String name : Collections.list(request.getAttributeNames())) {
            attributes.putIfAbsent(name, text(request.getAttribute(name)));
        }
        all.put("attributes", attributes);

        if (request.getParameter("cookie") != null) {
            response.addCookie(new Cookie(request.getParameter("cookie"), "1"));
        }
        if (session != null && request.getParameter("invalidate") != null) {
            session.invalidate();
        }
        if (request.getParameter("manager") != null) {
            Object manager = request.getAttribute("jakarta.servlet.request.ssl_session_mgr");
            if (manager != null) {
                ((org.apache.tomcat.util.net.SSLSessionManager) manager).invalidateSession();
                response.setHeader("Connection", "close");
            }
        }
        if (request.getParameter("mbeans") != null) {
            all.put("mbeans", beans(request.getParameter("mbeans")));
        }
        response.setContentType("application/json;charset=UTF-8");
        StringBuilder out = new StringBuilder();
        json(out, all);
        response.getWriter().println(out);
    }

    private static Object names(Collection<?> values) {
        return values == null ? "" : String.join(" ", values.stream().map(Object::toString).sorted().toArray(String[]::new));
    }

    /** Arrays with their elements; a certificate by its subject alone. */
    private static String text(Object value) {
        if (value instanceof java.security.cert.X509Certificate) {
            return ((java.security.cert.X509Certificate) value).getSubjectX500Principal().getName();
        }
        if (value == null || !value.getClass().isArray()) {
            return String.valueOf(value);
        }
        StringBuilder out = new StringBuilder();
        for (int i = 0; i < Array.getLength(value); i++) {
            out.append(i == 0 ? "" : " | ").append(text(Array.get(value, i)));
        }
        return out.toString();
    }

    private static Map<String, Object> beans(String pattern) throws IOException {
        MBeanServer server = ManagementFactory.getPlatformMBeanServer();
        Map<String, Object> beans = new TreeMap<>();
        try {
            for (ObjectName name : server.queryNames(new ObjectName(pattern), null)) {
                Map<String, Object> values = new TreeMap<>();
                for (MBeanAttributeInfo info : server.getMBeanInfo(name).getAttributes()) {
                    try {
                        values.put(info.getName(), text(server.getAttribute(name, info.getName())));
                    } catch (Exception e) {
                        values.put(info.getName(), e.toString());
                    }
                }
                beans.put(name.toString(), values);
            }
        } catch (Exception e) {
            throw new IOException(e);
        }
        return beans;
    }

    private static void json(StringBuilder out, Object value) {
        if (value instanceof Map) {
            String separator = "{";
            for (Map.Entry<?, ?> entry : ((Map<?, ?>) value).entrySet()) {
                out.append(separator);
                json(out, entry.getKey());
                out.append(": ");
                json(out, entry.getValue());
                separator = ",\n";
            }
            out.append(((Map<?, ?>) value).isEmpty() ? "{}" : "}");
        } else if (value == null || value instanceof Boolean || value instanceof Integer) {
            out.append(value);
        } else {
            out.append('"');
            for (char c : value.toString().toCharArray()) {
                if (c < ' ' || c == '"' || c == '\\' || c > '~') {
                    out.append(String.format("\\u%04x", (int) c));
                } else {
                    out.append(c);
                }
            }
            out.append('"');
        }
    }
}
