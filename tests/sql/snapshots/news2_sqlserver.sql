-- National Early Warning Score 2 (NEWS2)
-- chart news2, version 2017.1, status verified
-- sha256 07905bc68ef5e989350002014659d329980dc3abeb00d95622a9127333d8ee92
-- Scores the table observations in SQL Server 2022 or newer. Written by `mews-newtt sql`: do not edit; write it anew.
-- Columns that are read: respiratory_rate, oxygen_saturation, air_or_oxygen, systolic_bp, heart_rate, consciousness, temperature
-- A missing reading is never 0: a set that lacks one is partial and has no total, only total_min and total_max.
-- 1 is true and 0 is false. A number between two printed bands counts as the worse of them.
WITH
-- What the table gives.
given AS (
  SELECT
    case_id, respiratory_rate, oxygen_saturation, air_or_oxygen, systolic_bp, heart_rate, consciousness, temperature,
    CASE
      WHEN CAST(SQL_VARIANT_PROPERTY(respiratory_rate, 'BaseType') AS NVARCHAR(128)) NOT LIKE '%char' THEN CAST(respiratory_rate AS FLOAT)
      WHEN NOT respiratory_rate IS NULL THEN 1E300
    END AS respiratory_rate_number,
    CASE
      WHEN CAST(SQL_VARIANT_PROPERTY(oxygen_saturation, 'BaseType') AS NVARCHAR(128)) NOT LIKE '%char' THEN CAST(oxygen_saturation AS FLOAT)
      WHEN NOT oxygen_saturation IS NULL THEN 1E300
    END AS oxygen_saturation_number,
    CASE
      WHEN CAST(SQL_VARIANT_PROPERTY(systolic_bp, 'BaseType') AS NVARCHAR(128)) NOT LIKE '%char' THEN CAST(systolic_bp AS FLOAT)
      WHEN NOT systolic_bp IS NULL THEN 1E300
    END AS systolic_bp_number,
    CASE
      WHEN CAST(SQL_VARIANT_PROPERTY(heart_rate, 'BaseType') AS NVARCHAR(128)) NOT LIKE '%char' THEN CAST(heart_rate AS FLOAT)
      WHEN NOT heart_rate IS NULL THEN 1E300
    END AS heart_rate_number,
    CASE
      WHEN CAST(SQL_VARIANT_PROPERTY(temperature, 'BaseType') AS NVARCHAR(128)) NOT LIKE '%char' THEN CAST(temperature AS FLOAT)
      WHEN NOT temperature IS NULL THEN 1E300
    END AS temperature_number,
    LOWER(TRIM(COALESCE(CAST(air_or_oxygen AS NVARCHAR(4000)), ''))) AS air_or_oxygen_text,
    LOWER(TRIM(COALESCE(CAST(consciousness AS NVARCHAR(4000)), ''))) AS consciousness_text
  FROM observations
),
-- The nearest recordable value, counted in steps of recording.
steps AS (
  SELECT
    *,
    FLOOR(respiratory_rate_number + 0.5) AS respiratory_rate_steps,
    FLOOR(oxygen_saturation_number + 0.5) AS oxygen_saturation_steps,
    FLOOR(systolic_bp_number + 0.5) AS systolic_bp_steps,
    FLOOR(heart_rate_number + 0.5) AS heart_rate_steps,
    FLOOR(temperature_number * 10.0 + 0.5) AS temperature_steps
  FROM given
),
-- Readings. A number within 1/1000 of a step of a recordable value is this value; no other number is rounded.
readings AS (
  SELECT
    *,
    CASE
      WHEN respiratory_rate_number = respiratory_rate_steps
        OR (
        respiratory_rate_number >= (respiratory_rate_steps * 1000.0 - 1.0) / 1000.0
          AND respiratory_rate_number <= (respiratory_rate_steps * 1000.0 + 1.0) / 1000.0
      ) THEN respiratory_rate_steps
      ELSE respiratory_rate_number
    END AS respiratory_rate_reading,
    CASE
      WHEN oxygen_saturation_number = oxygen_saturation_steps
        OR (
        oxygen_saturation_number >= (oxygen_saturation_steps * 1000.0 - 1.0) / 1000.0
          AND oxygen_saturation_number <= (oxygen_saturation_steps * 1000.0 + 1.0) / 1000.0
      ) THEN oxygen_saturation_steps
      ELSE oxygen_saturation_number
    END AS oxygen_saturation_reading,
    CASE
      WHEN air_or_oxygen_text IN ('', 'nan', 'null') THEN '(not given)'
      WHEN air_or_oxygen_text IN ('air', 'room air', 'room_air', 'ra', 'breathing room air', 'breathing air') THEN 'air'
      WHEN air_or_oxygen_text IN ('oxygen', 'o2', 'supplemental oxygen', 'supplemental_oxygen', 'on oxygen', 'on o2') THEN 'oxygen'
      ELSE '(cannot be read)'
    END AS air_or_oxygen_is,
    CASE
      WHEN systolic_bp_number = systolic_bp_steps
        OR (
        systolic_bp_number >= (systolic_bp_steps * 1000.0 - 1.0) / 1000.0
          AND systolic_bp_number <= (systolic_bp_steps * 1000.0 + 1.0) / 1000.0
      ) THEN systolic_bp_steps
      ELSE systolic_bp_number
    END AS systolic_bp_reading,
    CASE
      WHEN heart_rate_number = heart_rate_steps
        OR (
        heart_rate_number >= (heart_rate_steps * 1000.0 - 1.0) / 1000.0
          AND heart_rate_number <= (heart_rate_steps * 1000.0 + 1.0) / 1000.0
      ) THEN heart_rate_steps
      ELSE heart_rate_number
    END AS heart_rate_reading,
    CASE
      WHEN consciousness_text IN ('', 'nan', 'null') THEN '(not given)'
      WHEN consciousness_text IN ('alert', 'a') THEN 'alert'
      WHEN consciousness_text IN ('confusion', 'c', 'new confusion', 'new_confusion', 'newly confused', 'new onset confusion', 'new-onset confusion', 'confused') THEN 'confusion'
      WHEN consciousness_text IN ('voice', 'v', 'verbal', 'responds to voice', 'responsive to voice') THEN 'voice'
      WHEN consciousness_text IN ('pain', 'p', 'responds to pain', 'responsive to pain') THEN 'pain'
      WHEN consciousness_text IN ('unresponsive', 'u', 'no response') THEN 'unresponsive'
      ELSE '(cannot be read)'
    END AS consciousness_is,
    CASE
      WHEN temperature_number = temperature_steps / 10.0
        OR (
        temperature_number >= (temperature_steps * 1000.0 - 1.0) / 10000.0
          AND temperature_number <= (temperature_steps * 1000.0 + 1.0) / 10000.0
      ) THEN temperature_steps / 10.0
      ELSE temperature_number
    END AS temperature_reading
  FROM steps
),
-- Readings that choose between several tables of a row.
contexts AS (
  SELECT
    *,
    -- Air or oxygen: 0 is chosen by air, 1 is chosen by oxygen
    CASE WHEN air_or_oxygen_is IN ('air', '(cannot be read)') THEN 0 ELSE 1 END AS air_or_oxygen_chooses_if_oxygen
  FROM readings
),
-- Which table of a row counts.
tables_chosen AS (
  SELECT
    *,
    -- 0, 1 are SpO2 scale 1; 3 is SpO2 scale 2, breathing air; 4 is SpO2 scale 2, on oxygen
    CASE WHEN air_or_oxygen_is = 'oxygen' THEN 1 ELSE 0 END AS oxygen_saturation_table_if_air,
    air_or_oxygen_chooses_if_oxygen AS oxygen_saturation_table_if_oxygen
  FROM contexts
),
-- What each row of the chart gives at least, and how much more it could give where its reading is missing.
points AS (
  SELECT
    *,
    -- Respiratory rate (/min): ≤8 gives 3; 9-11 gives 1; 12-20 gives 0; 21-24 gives 2; ≥25 gives 3
    CASE
      WHEN respiratory_rate_reading IS NULL THEN 0
      WHEN respiratory_rate_reading > 999 THEN 0
      WHEN respiratory_rate_reading > 24 THEN 3
      WHEN respiratory_rate_reading > 20 THEN 2
      WHEN respiratory_rate_reading >= 12 THEN 0
      WHEN respiratory_rate_reading >= 9 THEN 1
      WHEN respiratory_rate_reading >= 0 THEN 3
      ELSE 0
    END AS respiratory_rate_points_least,
    CASE
      WHEN respiratory_rate_reading IS NULL THEN 0
      WHEN respiratory_rate_reading > 999 THEN 0
      WHEN respiratory_rate_reading > 24 THEN 1
      WHEN respiratory_rate_reading >= 9 THEN 0
      WHEN respiratory_rate_reading >= 0 THEN 1
      ELSE 0
    END AS respiratory_rate_rows_with_3_points_least,
    CASE WHEN respiratory_rate_reading IS NULL THEN 3 ELSE 0 END AS respiratory_rate_points_could_add,
    -- Oxygen saturation (%), SpO2 scale 2, breathing air: ≤83 gives 3; 84-85 gives 2; 86-87 gives 1; ≥88 gives 0
    CASE
      WHEN oxygen_saturation_reading IS NULL THEN 0
      WHEN oxygen_saturation_reading >= 88 THEN 0
      WHEN oxygen_saturation_reading >= 86 THEN 1
      WHEN oxygen_saturation_reading >= 84 THEN 2
      WHEN oxygen_saturation_reading >= 0 THEN 3
      ELSE 0
    END AS oxygen_saturation_points_least_by_spo2_scale_2_breathing_air,
    -- Oxygen saturation (%), SpO2 scale 2, on oxygen: ≤83 gives 3; 84-85 gives 2; 86-87 gives 1; 88-92 gives 0; 93-94 on oxygen gives 1; 95-96 on oxygen gives 2; ≥97 on oxygen gives 3
    CASE
      WHEN oxygen_saturation_reading IS NULL THEN 0
      WHEN oxygen_saturation_reading > 100 THEN 0
      WHEN oxygen_saturation_reading > 96 THEN 3
      WHEN oxygen_saturation_reading > 94 THEN 2
      WHEN oxygen_saturation_reading > 92 THEN 1
      WHEN oxygen_saturation_reading >= 88 THEN 0
      WHEN oxygen_saturation_reading >= 86 THEN 1
      WHEN oxygen_saturation_reading >= 84 THEN 2
      WHEN oxygen_saturation_reading >= 0 THEN 3
      ELSE 0
    END AS oxygen_saturation_points_least_by_spo2_scale_2_on_oxygen,
    -- Oxygen saturation (%), SpO2 scale 1: ≤91 gives 3; 92-93 gives 2; 94-95 gives 1; ≥96 gives 0
    CASE
      WHEN oxygen_saturation_reading IS NULL THEN 0
      WHEN oxygen_saturation_reading >= 96 THEN 0
      WHEN oxygen_saturation_reading >= 94 THEN 1
      WHEN oxygen_saturation_reading >= 92 THEN 2
      WHEN oxygen_saturation_reading >= 0 THEN 3
      ELSE 0
    END AS oxygen_saturation_points_least_by_spo2_scale_1,
    CASE
      WHEN oxygen_saturation_reading IS NULL THEN 0
      WHEN oxygen_saturation_reading >= 84 THEN 0
      WHEN oxygen_saturation_reading >= 0 THEN 1
      ELSE 0
    END AS oxygen_saturation_rows_with_3_points_least_by_spo2_scale_2,
    CASE
      WHEN oxygen_saturation_reading IS NULL THEN 0
      WHEN oxygen_saturation_reading > 100 THEN 0
      WHEN oxygen_saturation_reading > 96 THEN 1
      WHEN oxygen_saturation_reading >= 84 THEN 0
      WHEN oxygen_saturation_reading >= 0 THEN 1
      ELSE 0
    END AS oxygen_saturation_rows_with_3_points_least_by_spo2_scale_2_on,
    CASE
      WHEN oxygen_saturation_reading IS NULL THEN 0
      WHEN oxygen_saturation_reading >= 92 THEN 0
      WHEN oxygen_saturation_reading >= 0 THEN 1
      ELSE 0
    END AS oxygen_saturation_rows_with_3_points_least_by_spo2_scale_1,
    CASE WHEN oxygen_saturation_reading IS NULL THEN 3 ELSE 0 END AS oxygen_saturation_points_could_add_if_air,
    CASE
      WHEN oxygen_saturation_table_if_air = 3 /* SpO2 scale 2, breathing air */ THEN 3
      WHEN oxygen_saturation_table_if_air = 4 /* SpO2 scale 2, on oxygen */ THEN 4
      ELSE 1
    END AS oxygen_saturation_deciding_if_air,
    CASE
      WHEN oxygen_saturation_table_if_oxygen = 3 /* SpO2 scale 2, breathing air */ THEN 3
      WHEN oxygen_saturation_table_if_oxygen = 4 /* SpO2 scale 2, on oxygen */ THEN 4
      ELSE 1
    END AS oxygen_saturation_deciding_if_oxygen,
    -- Air or oxygen: air gives 0; oxygen gives 2
    CASE WHEN air_or_oxygen_is = 'oxygen' THEN 2 ELSE 0 END AS air_or_oxygen_points_least_if_air,
    CASE WHEN air_or_oxygen_is IN ('air', '(cannot be read)') THEN 0 ELSE 2 END AS air_or_oxygen_points_least_if_oxygen,
    -- Systolic blood pressure (mmHg): ≤90 gives 3; 91-100 gives 2; 101-110 gives 1; 111-219 gives 0; ≥220 gives 3
    CASE
      WHEN systolic_bp_reading IS NULL THEN 0
      WHEN systolic_bp_reading > 999 THEN 0
      WHEN systolic_bp_reading > 219 THEN 3
      WHEN systolic_bp_reading >= 111 THEN 0
      WHEN systolic_bp_reading >= 101 THEN 1
      WHEN systolic_bp_reading >= 91 THEN 2
      WHEN systolic_bp_reading >= 0 THEN 3
      ELSE 0
    END AS systolic_bp_points_least,
    CASE
      WHEN systolic_bp_reading IS NULL THEN 0
      WHEN systolic_bp_reading > 999 THEN 0
      WHEN systolic_bp_reading > 219 THEN 1
      WHEN systolic_bp_reading >= 91 THEN 0
      WHEN systolic_bp_reading >= 0 THEN 1
      ELSE 0
    END AS systolic_bp_rows_with_3_points_least,
    CASE WHEN systolic_bp_reading IS NULL THEN 3 ELSE 0 END AS systolic_bp_points_could_add,
    -- Heart rate (/min): ≤40 gives 3; 41-50 gives 1; 51-90 gives 0; 91-110 gives 1; 111-130 gives 2; ≥131 gives 3
    CASE
      WHEN heart_rate_reading IS NULL THEN 0
      WHEN heart_rate_reading > 999 THEN 0
      WHEN heart_rate_reading > 130 THEN 3
      WHEN heart_rate_reading > 110 THEN 2
      WHEN heart_rate_reading > 90 THEN 1
      WHEN heart_rate_reading >= 51 THEN 0
      WHEN heart_rate_reading >= 41 THEN 1
      WHEN heart_rate_reading >= 0 THEN 3
      ELSE 0
    END AS heart_rate_points_least,
    CASE
      WHEN heart_rate_reading IS NULL THEN 0
      WHEN heart_rate_reading > 999 THEN 0
      WHEN heart_rate_reading > 130 THEN 1
      WHEN heart_rate_reading >= 41 THEN 0
      WHEN heart_rate_reading >= 0 THEN 1
      ELSE 0
    END AS heart_rate_rows_with_3_points_least,
    CASE WHEN heart_rate_reading IS NULL THEN 3 ELSE 0 END AS heart_rate_points_could_add,
    -- Level of consciousness (ACVPU): alert gives 0; confusion or voice or pain or unresponsive gives 3
    CASE WHEN consciousness_is IN ('alert', '(not given)', '(cannot be read)') THEN 0 ELSE 3 END AS consciousness_points_least,
    CASE WHEN consciousness_is IN ('alert', '(not given)', '(cannot be read)') THEN 0 ELSE 1 END AS consciousness_rows_with_3_points_least,
    CASE WHEN consciousness_is = '(not given)' THEN 3 ELSE 0 END AS consciousness_points_could_add,
    -- Temperature (°C): ≤35.0 gives 3; 35.1-36.0 gives 1; 36.1-38.0 gives 0; 38.1-39.0 gives 1; ≥39.1 gives 2
    CASE
      WHEN temperature_reading IS NULL THEN 0
      WHEN temperature_reading > 45 THEN 0
      WHEN temperature_reading > 39 THEN 2
      WHEN temperature_reading > 38 THEN 1
      WHEN temperature_reading >= 36.1 THEN 0
      WHEN temperature_reading >= 35.1 THEN 1
      WHEN temperature_reading >= 0 THEN 3
      ELSE 0
    END AS temperature_points_least,
    CASE
      WHEN temperature_reading IS NULL THEN 0
      WHEN temperature_reading >= 35.1 THEN 0
      WHEN temperature_reading >= 0 THEN 1
      ELSE 0
    END AS temperature_rows_with_3_points_least,
    CASE WHEN temperature_reading IS NULL THEN 3 ELSE 0 END AS temperature_points_could_add
  FROM tables_chosen
),
-- What each row of the chart gives at least, and how much more it could give where its reading is missing.
points_2 AS (
  SELECT
    *,
    CASE
      WHEN oxygen_saturation_table_if_air = 3 /* SpO2 scale 2, breathing air */ THEN oxygen_saturation_points_least_by_spo2_scale_2_breathing_air
      WHEN oxygen_saturation_table_if_air = 4 /* SpO2 scale 2, on oxygen */ THEN oxygen_saturation_points_least_by_spo2_scale_2_on_oxygen
      ELSE oxygen_saturation_points_least_by_spo2_scale_1
    END AS oxygen_saturation_points_least_if_air,
    CASE
      WHEN oxygen_saturation_table_if_air = 3 /* SpO2 scale 2, breathing air */ THEN oxygen_saturation_rows_with_3_points_least_by_spo2_scale_2
      WHEN oxygen_saturation_table_if_air = 4 /* SpO2 scale 2, on oxygen */ THEN oxygen_saturation_rows_with_3_points_least_by_spo2_scale_2_on
      ELSE oxygen_saturation_rows_with_3_points_least_by_spo2_scale_1
    END AS oxygen_saturation_rows_with_3_points_least_if_air,
    CASE
      WHEN oxygen_saturation_table_if_oxygen = 3 /* SpO2 scale 2, breathing air */ THEN oxygen_saturation_points_least_by_spo2_scale_2_breathing_air
      WHEN oxygen_saturation_table_if_oxygen = 4 /* SpO2 scale 2, on oxygen */ THEN oxygen_saturation_points_least_by_spo2_scale_2_on_oxygen
      ELSE oxygen_saturation_points_least_by_spo2_scale_1
    END AS oxygen_saturation_points_least_if_oxygen,
    CASE
      WHEN oxygen_saturation_table_if_oxygen = 3 /* SpO2 scale 2, breathing air */ THEN oxygen_saturation_rows_with_3_points_least_by_spo2_scale_2
      WHEN oxygen_saturation_table_if_oxygen = 4 /* SpO2 scale 2, on oxygen */ THEN oxygen_saturation_rows_with_3_points_least_by_spo2_scale_2_on
      ELSE oxygen_saturation_rows_with_3_points_least_by_spo2_scale_1
    END AS oxygen_saturation_rows_with_3_points_least_if_oxygen
  FROM points
),
-- Sums of the rows that no unknown context changes.
shared AS (
  SELECT
    *,
    respiratory_rate_points_least + systolic_bp_points_least + heart_rate_points_least + consciousness_points_least
      + temperature_points_least AS points_least_shared,
    respiratory_rate_rows_with_3_points_least + systolic_bp_rows_with_3_points_least
      + heart_rate_rows_with_3_points_least + consciousness_rows_with_3_points_least
      + temperature_rows_with_3_points_least AS rows_with_3_points_least_shared,
    respiratory_rate_points_could_add + systolic_bp_points_could_add + heart_rate_points_could_add
      + consciousness_points_could_add + temperature_points_could_add AS points_could_add_shared,
    CASE WHEN respiratory_rate_reading IS NULL THEN 1 ELSE 0 END
      + CASE WHEN systolic_bp_reading IS NULL THEN 1 ELSE 0 END
      + CASE WHEN heart_rate_reading IS NULL THEN 1 ELSE 0 END
      + CASE WHEN consciousness_is = '(not given)' THEN 1 ELSE 0 END
      + CASE WHEN temperature_reading IS NULL THEN 1 ELSE 0 END AS rows_with_3_points_could_add_shared
  FROM points_2
),
-- Sums over all rows.
sums AS (
  SELECT
    *,
    points_least_shared + (oxygen_saturation_points_least_if_air + air_or_oxygen_points_least_if_air) AS points_least_if_air,
    rows_with_3_points_least_shared + oxygen_saturation_rows_with_3_points_least_if_air AS rows_with_3_points_least_if_air,
    points_least_shared + (oxygen_saturation_points_least_if_oxygen + air_or_oxygen_points_least_if_oxygen) AS points_least_if_oxygen,
    rows_with_3_points_least_shared + oxygen_saturation_rows_with_3_points_least_if_oxygen AS rows_with_3_points_least_if_oxygen,
    points_could_add_shared + oxygen_saturation_points_could_add_if_air AS points_could_add_if_air,
    rows_with_3_points_could_add_shared + CASE WHEN oxygen_saturation_reading IS NULL THEN 1 ELSE 0 END AS rows_with_3_points_could_add_if_air
  FROM shared
),
-- The level that the sums reach: 0 is the lowest.
levels AS (
  SELECT
    *,
    CASE
      WHEN points_least_if_air >= 7 THEN 4
      WHEN points_least_if_air >= 5 THEN 3
      WHEN rows_with_3_points_least_if_air >= 1 THEN 2
      WHEN points_least_if_air >= 1 THEN 1
      ELSE 0
    END AS rank_least_if_air,
    CASE
      WHEN points_least_if_air + points_could_add_if_air >= 7 THEN 4
      WHEN points_least_if_air + points_could_add_if_air >= 5 THEN 3
      WHEN rows_with_3_points_least_if_air + rows_with_3_points_could_add_if_air >= 1 THEN 2
      WHEN points_least_if_air + points_could_add_if_air >= 1 THEN 1
      ELSE 0
    END AS rank_most_if_air,
    CASE
      WHEN points_least_if_oxygen >= 7 THEN 4
      WHEN points_least_if_oxygen >= 5 THEN 3
      WHEN rows_with_3_points_least_if_oxygen >= 1 THEN 2
      WHEN points_least_if_oxygen >= 1 THEN 1
      ELSE 0
    END AS rank_least_if_oxygen,
    CASE
      WHEN points_least_if_oxygen + points_could_add_if_air >= 7 THEN 4
      WHEN points_least_if_oxygen + points_could_add_if_air >= 5 THEN 3
      WHEN rows_with_3_points_least_if_oxygen + rows_with_3_points_could_add_if_air >= 1 THEN 2
      WHEN points_least_if_oxygen + points_could_add_if_air >= 1 THEN 1
      ELSE 0
    END AS rank_most_if_oxygen
  FROM sums
),
-- The least and the most that total and level can be.
ends AS (
  SELECT
    *,
    LEAST(points_least_if_air, points_least_if_oxygen) AS least_points,
    LEAST(rank_least_if_air, rank_least_if_oxygen) AS rank_least,
    GREATEST(points_least_if_air + points_could_add_if_air, points_least_if_oxygen + points_could_add_if_air) AS most_points,
    GREATEST(rank_most_if_air, rank_most_if_oxygen) AS rank_most
  FROM levels
),
-- Whether a set is refused, or partial, and what it lacks.
judged AS (
  SELECT
    *,
    CASE
      WHEN respiratory_rate_reading < 0 OR respiratory_rate_reading > 999 OR oxygen_saturation_reading < 0
        OR oxygen_saturation_reading > 100 OR air_or_oxygen_is = '(cannot be read)' OR systolic_bp_reading < 0
        OR systolic_bp_reading > 999 OR heart_rate_reading < 0 OR heart_rate_reading > 999
        OR consciousness_is = '(cannot be read)' OR temperature_reading < 0 OR temperature_reading > 45 THEN 1
      ELSE 0
    END AS refused,
    CASE
      WHEN respiratory_rate_reading IS NULL OR oxygen_saturation_reading IS NULL OR air_or_oxygen_is = '(not given)'
        OR systolic_bp_reading IS NULL OR heart_rate_reading IS NULL OR consciousness_is = '(not given)'
        OR temperature_reading IS NULL OR oxygen_saturation_deciding_if_air <> oxygen_saturation_deciding_if_oxygen THEN 1
      ELSE 0
    END AS partial
  FROM ends
)
SELECT
  case_id, respiratory_rate, oxygen_saturation, air_or_oxygen, systolic_bp, heart_rate, consciousness, temperature,
  CASE WHEN refused = 1 THEN 'refused' WHEN partial = 1 THEN 'partial' ELSE 'complete' END AS score_status,
  CASE WHEN refused = 0 AND partial = 0 THEN least_points END AS total,
  CASE WHEN refused = 0 THEN least_points END AS total_min,
  CASE WHEN refused = 0 THEN most_points END AS total_max,
  CASE
    WHEN refused = 1 THEN NULL
    WHEN rank_least = 0 THEN 'routine'
    WHEN rank_least = 1 THEN 'low'
    WHEN rank_least = 2 THEN 'low-medium'
    WHEN rank_least = 3 THEN 'medium'
    WHEN rank_least = 4 THEN 'high'
  END AS level,
  CASE
    WHEN refused = 1 THEN NULL
    WHEN rank_most = 0 THEN 'routine'
    WHEN rank_most = 1 THEN 'low'
    WHEN rank_most = 2 THEN 'low-medium'
    WHEN rank_most = 3 THEN 'medium'
    WHEN rank_most = 4 THEN 'high'
  END AS level_max,
  CASE WHEN refused = 0 THEN rank_least END AS level_rank,
  CASE WHEN refused = 0 THEN rank_most END AS level_max_rank,
  CASE
    WHEN refused = 1 THEN ''
    ELSE SUBSTRING(
      (
        CASE WHEN respiratory_rate_reading IS NULL THEN ';respiratory_rate' ELSE '' END
        || CASE WHEN oxygen_saturation_reading IS NULL THEN ';oxygen_saturation' ELSE '' END
        || CASE WHEN air_or_oxygen_is = '(not given)' THEN ';air_or_oxygen' ELSE '' END
        || CASE WHEN systolic_bp_reading IS NULL THEN ';systolic_bp' ELSE '' END
        || CASE WHEN heart_rate_reading IS NULL THEN ';heart_rate' ELSE '' END
        || CASE WHEN consciousness_is = '(not given)' THEN ';consciousness' ELSE '' END
      )
        + CASE WHEN temperature_reading IS NULL THEN ';temperature' ELSE '' END
    , 2, 4000)
  END AS missing,
  SUBSTRING(
    (
      CASE
        WHEN respiratory_rate_reading < 0 OR respiratory_rate_reading > 999 THEN '; respiratory_rate: cannot be scored; score_table gives the reason'
        ELSE ''
      END
      || CASE
        WHEN oxygen_saturation_reading < 0 OR oxygen_saturation_reading > 100 THEN '; oxygen_saturation: cannot be scored; score_table gives the reason'
        ELSE ''
      END
      || CASE
        WHEN air_or_oxygen_is = '(cannot be read)' THEN '; air_or_oxygen: cannot be scored; score_table gives the reason'
        ELSE ''
      END
      || CASE
        WHEN systolic_bp_reading < 0 OR systolic_bp_reading > 999 THEN '; systolic_bp: cannot be scored; score_table gives the reason'
        ELSE ''
      END
      || CASE
        WHEN heart_rate_reading < 0 OR heart_rate_reading > 999 THEN '; heart_rate: cannot be scored; score_table gives the reason'
        ELSE ''
      END
      || CASE
        WHEN consciousness_is = '(cannot be read)' THEN '; consciousness: cannot be scored; score_table gives the reason'
        ELSE ''
      END
    )
      + CASE
      WHEN temperature_reading < 0 OR temperature_reading > 45 THEN '; temperature: cannot be scored; score_table gives the reason'
      ELSE ''
    END
  , 3, 4000) AS error,
  'news2' AS chart_id,
  '2017.1' AS chart_version,
  'verified' AS chart_status,
  '07905bc68ef5e989350002014659d329980dc3abeb00d95622a9127333d8ee92' AS chart_sha256
FROM judged;
